-- The ledger: what AWS deletes slowly. It follows from the events, as `resources.deleting` does.

ALTER TABLE resources ADD COLUMN deleting BIGINT NOT NULL DEFAULT 0;   -- 1: AWS has accepted its delete

CREATE TABLE ledger (
    stack   TEXT   NOT NULL,
    address TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    since   BIGINT NOT NULL,             -- when its delete was asked for, in AWS's time
    due     BIGINT NOT NULL,             -- when AWS is to have finished, in AWS's time
    kept    BIGINT NOT NULL,             -- 1: its name cannot be used before that
    PRIMARY KEY (stack, address, id)
);

-- What the events of earlier versions say of deletes that AWS accepted and that were not seen done.
UPDATE resources SET deleting = 1
WHERE address IN (SELECT address FROM events WHERE what = 'deleting')
AND 'deleting' = (
    SELECT what FROM events
    WHERE events.stack = resources.stack AND events.address = resources.address
    AND what IN ('created', 'settled', 'deleting') AND json_extract(events.payload, '$.id') = resources.id
    ORDER BY seq DESC LIMIT 1
);
