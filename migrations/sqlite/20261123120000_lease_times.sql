-- Who waits, or is to take a lease away, wants to know since when it is held and when its holder was last heard of.
-- Of leases taken before this, neither is known: they read as 1970 until their next heartbeat.
ALTER TABLE leases ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN heard BIGINT NOT NULL DEFAULT 0;
