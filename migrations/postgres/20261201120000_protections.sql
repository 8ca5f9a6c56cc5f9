-- What no command may delete: it follows from the events, as the other projections do.
CREATE TABLE protections (
    stack     TEXT NOT NULL,
    address   TEXT NOT NULL,
    component TEXT NOT NULL,             -- as the file names it, such as `bucket.files`
    PRIMARY KEY (stack, address)
);
