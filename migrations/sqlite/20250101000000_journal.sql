-- The journal of globe on SQLite. `events` is the truth and is only ever appended to; `resources`, `intents` and
-- `regions` follow from it and can be rebuilt. Times are microseconds since the Unix epoch, JSON is TEXT.

CREATE TABLE stacks (
    name    TEXT PRIMARY KEY NOT NULL,
    account TEXT,
    seq     BIGINT NOT NULL              -- number of the stack's last event; 0 before the first
);

CREATE TABLE events (
    stack   TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    run     TEXT   NOT NULL,
    what    TEXT   NOT NULL,
    address TEXT,
    token   TEXT,                        -- of the intent that the event opens or closes
    payload TEXT   NOT NULL,
    PRIMARY KEY (stack, seq)
);
CREATE INDEX events_by_token ON events (stack, token) WHERE token IS NOT NULL;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END;

CREATE TABLE resources (
    stack   TEXT   NOT NULL,
    address TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    deposed BIGINT NOT NULL,             -- 1: replaced, still to be deleted
    spec    TEXT   NOT NULL,
    desired TEXT   NOT NULL,
    outputs TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (stack, address, id)
);
CREATE UNIQUE INDEX one_current_resource ON resources (stack, address) WHERE deposed = 0;

CREATE TABLE intents (
    stack   TEXT   NOT NULL,
    token   TEXT   NOT NULL,
    seq     BIGINT NOT NULL,             -- of the event that opened it
    payload TEXT   NOT NULL,
    address TEXT   NOT NULL,
    spec    TEXT   NOT NULL,
    request TEXT   NOT NULL,
    PRIMARY KEY (stack, token)
);

CREATE TABLE regions (
    stack   TEXT   NOT NULL,
    region  TEXT   NOT NULL,
    down    BIGINT NOT NULL,             -- 1: removed on purpose
    PRIMARY KEY (stack, region)
);

-- Not events: taking, keeping and giving back a lease does not move a stack's head.
CREATE TABLE leases (
    stack   TEXT   NOT NULL,
    scope   TEXT   NOT NULL,
    holder  TEXT,                        -- NULL once given back; the number stays
    number  BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (stack, scope)
);
