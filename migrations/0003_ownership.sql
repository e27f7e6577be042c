-- Several router processes: who is there, and how a domain came to its owner.

-- A heartbeat per router process, by the database's clock. Domains are shared out among those that are alive.
CREATE TABLE router_nodes (
    node         text        PRIMARY KEY,
    started_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
) WITH (fillfactor = 50);

-- heir: who may take a released domain at once. taken_why: free, handover, expired, restarted, again.
ALTER TABLE routing_domains
    ADD COLUMN heir text NOT NULL DEFAULT '',
    ADD COLUMN taken_why text NOT NULL DEFAULT '',
    ADD COLUMN taken_from text NOT NULL DEFAULT '',
    ADD COLUMN taken_at timestamptz;

-- Snapshots are compressed by the program, beside its work; the server need not try again.
ALTER TABLE routing_snapshots ALTER COLUMN snapshot SET STORAGE EXTERNAL;

-- Few rows ever: what was set aside is looked at again and again (stuck_arrivals.sql).
CREATE INDEX routing_events_problem ON routing_events (id) WHERE problem IS NOT NULL;
