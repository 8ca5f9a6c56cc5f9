-- What a stack's state belongs to, and where the writers of its components are. It follows from the events. Of a stack
-- that an earlier globe wrote, world and owner are unknown until its next run.
ALTER TABLE stacks ADD COLUMN world TEXT;       -- 'real' or 'sandbox'
ALTER TABLE stacks ADD COLUMN owner TEXT;       -- the random mark of the stack's objects

CREATE TABLE roles (
    stack     TEXT NOT NULL,
    component TEXT NOT NULL,                    -- its key in the file, such as 'bucket.assets'
    region    TEXT NOT NULL,                    -- of its writer
    PRIMARY KEY (stack, component)
);

-- From here on, `regions.down` is 0: in use, 1: removed on purpose, 2: its removal was begun, 3: given up.

-- What no command may delete: it follows from the events, as the other projections do.
CREATE TABLE protections (
    stack     TEXT NOT NULL,
    address   TEXT NOT NULL,
    component TEXT NOT NULL,             -- as the file names it, such as `bucket.files`
    PRIMARY KEY (stack, address)
);
