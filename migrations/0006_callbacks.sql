-- A promised callback is one row for all its attempts, each of which is a contact: what was promised, how every attempt
-- went, and the one outcome that it has in the end.
CREATE TABLE callbacks (
    id           text        PRIMARY KEY,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    number       text        NOT NULL,
    contact_id   text        NOT NULL DEFAULT '',
    line         text        NOT NULL DEFAULT '',
    language     text        NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL,
    window_from  timestamptz NOT NULL,
    window_until timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'dialling', 'ended')),
    attempts     jsonb       NOT NULL DEFAULT '[]',
    outcome      text        NOT NULL DEFAULT '',
    ended_at     timestamptz,
    ended_by     text        NOT NULL DEFAULT '',
    version      integer     NOT NULL DEFAULT 0,
    CHECK ((state = 'ended') = (outcome <> '')),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX callbacks_one_open ON callbacks (client_id, number) WHERE ended_at IS NULL;
CREATE INDEX callbacks_recent ON callbacks (provider_id, requested_at DESC, id DESC);

-- Numbers that a client's customers do not want to be called on.
CREATE TABLE do_not_call (
    client_id    text        NOT NULL,
    number       text        NOT NULL,
    provider_id  text        NOT NULL,
    added_at     timestamptz NOT NULL,
    added_by     text        NOT NULL,
    reason       text        NOT NULL DEFAULT '',
    PRIMARY KEY (client_id, number)
);
