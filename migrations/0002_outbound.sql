-- What leaves: dead letters, outbound webhooks, and who owns a connection to a phone platform.

-- A sending that was given up is kept, found and sent again on demand; it is done, and dead.
ALTER TABLE outbox ADD COLUMN dead boolean NOT NULL DEFAULT false;
UPDATE outbox SET dead = true
WHERE done_at IS NOT NULL AND outcome NOT LIKE 'sent:%' AND outcome NOT LIKE 'kept%' AND outcome <> 'expired';
ALTER TABLE outbox ADD CHECK (NOT dead OR done_at IS NOT NULL);
CREATE INDEX outbox_dead ON outbox (provider_id, done_at DESC, id DESC) WHERE dead;

-- Each kind has senders of its own: a backlog of one must not stand in the way of another.
CREATE INDEX outbox_due_of_kind ON outbox (kind, next_at) WHERE done_at IS NULL;
DROP INDEX outbox_due;
-- Old rows are found for deletion by block ranges: next to nothing on the way in.
CREATE INDEX outbox_by_age ON outbox USING brin (created_at) WITH (autosummarize = on);
CREATE INDEX timers_by_age ON timers USING brin (due_at) WITH (autosummarize = on);

-- How far a domain's facts have been turned into webhooks: a number of its gapless log, never an id or an instant.
CREATE TABLE webhook_cursors (
    domain_id    text        PRIMARY KEY,
    seq          bigint      NOT NULL,
    moved_at     timestamptz NOT NULL
) WITH (fillfactor = 50);

-- A receiver that answered 410 Gone hears nothing more at this address until somebody says so, or it is changed.
CREATE TABLE webhook_stops (
    provider_id  text        NOT NULL,
    webhook      text        NOT NULL,
    url          text        NOT NULL,
    reason       text        NOT NULL,
    stopped_at   timestamptz NOT NULL,
    PRIMARY KEY (provider_id, webhook)
);

-- Each connection to a phone platform has one owner among the processes that could hold it (decisions row 5).
CREATE TABLE connection_leases (
    name         text        PRIMARY KEY,
    owner        text        NOT NULL DEFAULT '',
    epoch        bigint      NOT NULL DEFAULT 0,
    renewed_at   timestamptz,
    expires_at   timestamptz
) WITH (fillfactor = 50);
