-- The spine: configuration, routing domains, contacts, conversations, cases, outbox, timers, facts.
--
-- Every row with customer data names its provider and client (I7). Instants are timestamptz, exact to the
-- microsecond; programs pass integers. Nothing here needs an extension beyond what a plain server has.

-- Programs speak integer microseconds since the epoch. Plain SQL functions: the planner puts their bodies in place.
CREATE FUNCTION instant(micros bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT 'epoch'::timestamptz + micros * interval '1 microsecond' $$;
CREATE FUNCTION micros(at timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT (extract(epoch FROM at) * 1000000)::bigint $$;

-- The wall inside a writing statement: what must have matched did, or the whole statement is undone.
CREATE FUNCTION expect(what text, wanted bigint, matched bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF matched IS DISTINCT FROM wanted THEN
        RAISE EXCEPTION '%: % of % matched', what, matched, wanted USING ERRCODE = 'CC001', CONSTRAINT = what;
    END IF;
    RETURN matched;
END $$;

CREATE TABLE configurations (
    provider_id  text        NOT NULL,
    version      integer     NOT NULL CHECK (version > 0),
    document     jsonb       NOT NULL,
    applied_at   timestamptz NOT NULL,
    applied_by   text        NOT NULL,
    PRIMARY KEY (provider_id, version)
);

CREATE TABLE tokens (
    token_hash   bytea       PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('agent', 'supervisor', 'operator', 'client', 'platform')),
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL DEFAULT '',
    subject      text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX tokens_by_subject ON tokens (provider_id, subject);

-- One router owns a domain under a rising epoch; the fence is in the same place as the writes.
CREATE TABLE routing_domains (
    domain_id    text        PRIMARY KEY,
    owner        text        NOT NULL DEFAULT '',
    epoch        bigint      NOT NULL DEFAULT 0,
    renewed_at   timestamptz,
    expires_at   timestamptz,
    last_seq     bigint      NOT NULL DEFAULT 0,
    arrivals     bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Doors insert with seq NULL; the owner numbers them without gaps. Never read by "id > cursor".
CREATE TABLE routing_events (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain_id    text        NOT NULL,
    event        jsonb       NOT NULL,
    dedupe       text        NOT NULL DEFAULT '',
    reply_to     text        NOT NULL DEFAULT '',
    received_at  timestamptz NOT NULL,
    seq          bigint,
    epoch        bigint,
    decided_at   timestamptz,
    effects_hash bytea,
    problem      text
);
CREATE UNIQUE INDEX routing_events_seq ON routing_events (domain_id, seq) WHERE seq IS NOT NULL;
CREATE UNIQUE INDEX routing_events_dedupe ON routing_events (domain_id, dedupe) WHERE dedupe <> '';
CREATE INDEX routing_events_pending ON routing_events (domain_id, id) WHERE seq IS NULL;

CREATE TABLE routing_snapshots (
    domain_id    text        NOT NULL,
    seq          bigint      NOT NULL,
    epoch        bigint      NOT NULL,
    taken_at     timestamptz NOT NULL,
    snapshot     bytea       NOT NULL,
    PRIMARY KEY (domain_id, seq, epoch)
);

CREATE TABLE customers (
    id           text        PRIMARY KEY,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    name         text        NOT NULL DEFAULT '',
    tier         smallint    NOT NULL DEFAULT 2 CHECK (tier BETWEEN 0 AND 3),
    language     text        NOT NULL DEFAULT '',
    account_owner text       NOT NULL DEFAULT '',
    since        timestamptz NOT NULL,
    version      integer     NOT NULL DEFAULT 0
);

CREATE TABLE identities (
    client_id    text        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('phone', 'mail', 'chat', 'member')),
    value        text        NOT NULL,
    customer_id  text        NOT NULL REFERENCES customers (id),
    provider_id  text        NOT NULL,
    PRIMARY KEY (client_id, kind, value)
);
CREATE INDEX identities_by_customer ON identities (customer_id);
CREATE INDEX identities_by_value ON identities (provider_id, kind, value);

-- The four histories of a customer (C01).
CREATE TABLE customer_records (
    id           text        PRIMARY KEY,
    customer_id  text        NOT NULL REFERENCES customers (id),
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('consumption', 'service', 'payment', 'credit')),
    at           timestamptz NOT NULL,
    summary      text        NOT NULL,
    amount_fen   bigint
);
CREATE INDEX customer_records_by_customer ON customer_records (customer_id, at DESC);

CREATE TABLE contacts (
    id           text        PRIMARY KEY,
    domain_id    text        NOT NULL,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    lease_id     text        NOT NULL,
    customer_id  text        REFERENCES customers (id),
    medium       text        NOT NULL,
    view         text        NOT NULL,
    door         text        NOT NULL,
    address      text        NOT NULL DEFAULT '',
    language     text        NOT NULL DEFAULT '',
    subject      text        NOT NULL DEFAULT '',
    tier         smallint    NOT NULL,
    complaint    boolean     NOT NULL DEFAULT false,
    origin_id    text,
    conversation_id text,
    case_id      text,
    external_id  text        NOT NULL,
    context      jsonb       NOT NULL DEFAULT '{}',
    opened_at    timestamptz NOT NULL,
    enqueued_at  timestamptz NOT NULL,
    deadline     timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'new'
                 CHECK (state IN ('new', 'waiting', 'offered', 'active', 'wrap_up', 'ended')),
    owner_id     text        NOT NULL DEFAULT '',
    answered_at  timestamptz,
    ended_at     timestamptz,
    outcome      text        NOT NULL DEFAULT '',
    released_by  text        NOT NULL DEFAULT '',
    route        jsonb,
    version      integer     NOT NULL DEFAULT 0,
    CHECK ((state IN ('active', 'wrap_up')) = (owner_id <> '') OR state = 'ended'),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
) WITH (fillfactor = 70);
-- No index names `state`: its moves stay in their page (heap-only updates), which halves the cost of a move.
CREATE INDEX contacts_open ON contacts (domain_id) WHERE ended_at IS NULL;
CREATE INDEX contacts_open_by_client ON contacts (provider_id, client_id) WHERE ended_at IS NULL;
CREATE INDEX contacts_by_customer ON contacts (customer_id, opened_at DESC, id DESC);
CREATE INDEX contacts_recent ON contacts (provider_id, opened_at DESC, id DESC);
CREATE INDEX contacts_recent_by_client ON contacts (provider_id, client_id, opened_at DESC, id DESC);
CREATE INDEX contacts_by_owner ON contacts (owner_id) WHERE owner_id <> '' AND ended_at IS NULL;
-- One outstanding callback per number and client (decisions, field.md I33).
CREATE UNIQUE INDEX contacts_one_callback ON contacts (client_id, address)
    WHERE medium = 'callback' AND ended_at IS NULL;

CREATE TABLE offers (
    id           text        PRIMARY KEY,
    contact_id   text        NOT NULL REFERENCES contacts (id),
    agent_id     text        NOT NULL,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    attempt      integer     NOT NULL,
    made_at      timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    outcome      text        NOT NULL DEFAULT '',
    reason       text        NOT NULL DEFAULT ''
);
-- A second wall below the router: one live offer of a contact to an agent.
CREATE UNIQUE INDEX offers_live ON offers (contact_id, agent_id) WHERE ended_at IS NULL;
CREATE INDEX offers_live_by_agent ON offers (agent_id) WHERE ended_at IS NULL;
CREATE INDEX offers_by_contact ON offers (contact_id);

CREATE TABLE assignments (
    id           text        PRIMARY KEY,
    contact_id   text        NOT NULL REFERENCES contacts (id),
    agent_id     text        NOT NULL,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    role         text        NOT NULL DEFAULT 'owner' CHECK (role IN ('owner', 'consult', 'supervisor')),
    began_at     timestamptz NOT NULL,
    wrap_up_at   timestamptz,
    ended_at     timestamptz,
    reason       text        NOT NULL DEFAULT ''
);
-- Never two owners: whatever the code believes.
CREATE UNIQUE INDEX assignments_one_owner ON assignments (contact_id) WHERE role = 'owner' AND ended_at IS NULL;
CREATE INDEX assignments_by_agent ON assignments (agent_id) WHERE ended_at IS NULL;
CREATE INDEX assignments_by_contact ON assignments (contact_id);

CREATE TABLE presences (
    provider_id  text        NOT NULL,
    agent_id     text        NOT NULL,
    domain_id    text        NOT NULL,
    state        text        NOT NULL,
    reason       text        NOT NULL DEFAULT '',
    used_units   integer     NOT NULL DEFAULT 0,
    capacity     integer     NOT NULL DEFAULT 0,
    desk_seq     bigint      NOT NULL DEFAULT 0,
    changed_at   timestamptz NOT NULL,
    route        jsonb       NOT NULL,
    PRIMARY KEY (provider_id, agent_id),
    CHECK (used_units >= 0 AND used_units <= capacity)
) WITH (fillfactor = 50);
CREATE INDEX presences_by_domain ON presences (domain_id);

-- Idempotency of everything that arrives: kept 35 days, never partitioned.
CREATE TABLE receipts (
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    payload_hash bytea       NOT NULL,
    result       jsonb       NOT NULL,
    received_at  timestamptz NOT NULL,
    PRIMARY KEY (source, external_id)
);
CREATE INDEX receipts_by_age ON receipts (received_at);

-- What could not be accepted or decided is kept here, whole, with the reason.
CREATE TABLE quarantine (
    id           text        PRIMARY KEY,
    source       text        NOT NULL,
    reason       text        NOT NULL,
    payload      bytea       NOT NULL,
    received_at  timestamptz NOT NULL,
    settled_at   timestamptz
);

CREATE TABLE calls (
    source       text        NOT NULL,
    call         text        NOT NULL,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL DEFAULT '',
    contact_id   text        NOT NULL DEFAULT '',
    life         jsonb       NOT NULL,
    version      integer     NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (source, call)
);
CREATE INDEX calls_by_contact ON calls (contact_id) WHERE contact_id <> '';

-- A mail thread or a chat session: its messages are numbered without gaps by last_seq.
CREATE TABLE conversations (
    id           text        PRIMARY KEY,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    customer_id  text        REFERENCES customers (id),
    medium       text        NOT NULL,
    door         text        NOT NULL,
    thread       text        NOT NULL,
    address      text        NOT NULL DEFAULT '',
    subject      text        NOT NULL DEFAULT '',
    language     text        NOT NULL DEFAULT '',
    contact_id   text        NOT NULL DEFAULT '',
    last_seq     bigint      NOT NULL DEFAULT 0,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz
);
CREATE UNIQUE INDEX conversations_by_thread ON conversations (door, thread);
CREATE INDEX conversations_by_contact ON conversations (contact_id) WHERE contact_id <> '';

CREATE TABLE messages (
    conversation_id text     NOT NULL REFERENCES conversations (id),
    seq          bigint      NOT NULL,
    id           text        NOT NULL UNIQUE,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    contact_id   text        NOT NULL DEFAULT '',
    sender       text        NOT NULL CHECK (sender IN ('customer', 'agent', 'system')),
    agent_id     text        NOT NULL DEFAULT '',
    message_id   text        NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    text         text        NOT NULL,
    detail       jsonb       NOT NULL DEFAULT '{}',
    raw          bytea,
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX messages_by_message_id ON messages (client_id, message_id) WHERE message_id <> '';

CREATE TABLE counters (
    client_id    text        NOT NULL,
    name         text        NOT NULL,
    value        bigint      NOT NULL,
    PRIMARY KEY (client_id, name)
);

CREATE TABLE cases (
    id           text        PRIMARY KEY,
    number       text        NOT NULL,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    customer_id  text        REFERENCES customers (id),
    kind         text        NOT NULL CHECK (kind IN ('consult', 'repair', 'complaint', 'claim')),
    state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'resolved', 'gave_up')),
    owner_id     text        NOT NULL DEFAULT '',
    subject      text        NOT NULL DEFAULT '',
    opened_at    timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    due_text     text        NOT NULL DEFAULT '',
    provisional  boolean     NOT NULL DEFAULT false,
    calendar_version text    NOT NULL DEFAULT '',
    breached_at  timestamptz,
    closed_at    timestamptz,
    body         jsonb       NOT NULL DEFAULT '{}',
    version      integer     NOT NULL DEFAULT 0,
    UNIQUE (client_id, number)
);
CREATE INDEX cases_by_customer ON cases (customer_id, opened_at DESC, id DESC);
CREATE INDEX cases_recent ON cases (provider_id, opened_at DESC, id DESC);
CREATE INDEX cases_open ON cases (provider_id, client_id, due_at) WHERE closed_at IS NULL;

CREATE TABLE complaints (
    case_id      text        PRIMARY KEY REFERENCES cases (id),
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    contact_id   text        NOT NULL DEFAULT '',
    accused_id   text        NOT NULL DEFAULT '',
    level        smallint    NOT NULL CHECK (level BETWEEN 0 AND 4),
    step         text        NOT NULL,
    accepted_by  text        NOT NULL DEFAULT '',
    accept_due   timestamptz,
    decide_due   timestamptz,
    decided_at   timestamptz,
    body         jsonb       NOT NULL DEFAULT '{}',
    version      integer     NOT NULL DEFAULT 0
);
CREATE INDEX complaints_open ON complaints (provider_id, client_id, level) WHERE decided_at IS NULL;

-- Everything that leaves; the sender takes it after the commit, the poller what stayed unacknowledged.
CREATE TABLE outbox (
    id           text        PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('mail', 'phone', 'webhook')),
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    contact_id   text        NOT NULL DEFAULT '',
    payload      jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    not_after    timestamptz,
    next_at      timestamptz NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0,
    done_at      timestamptz,
    outcome      text        NOT NULL DEFAULT ''
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE done_at IS NULL;
CREATE INDEX outbox_mail ON outbox (provider_id, created_at DESC) WHERE kind = 'mail';

-- Deadlines of cases and promises only; offers and contacts carry theirs in their own rows.
CREATE TABLE timers (
    id           text        PRIMARY KEY,
    kind         text        NOT NULL,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    subject_id   text        NOT NULL,
    owner_id     text        NOT NULL DEFAULT '',
    due_at       timestamptz NOT NULL,
    fired_at     timestamptz
);
CREATE INDEX timers_due ON timers (due_at) WHERE fired_at IS NULL;

-- What happened, past tense, append-only. A router's fact is keyed by (domain, seq, ordinal): written once.
-- client_id '' means the provider's own operations (presence, staffing): no customer data in it.
CREATE TABLE facts (
    id           text        NOT NULL,
    at           timestamptz NOT NULL,
    kind         text        NOT NULL,
    v            smallint    NOT NULL DEFAULT 1,
    provider_id  text        NOT NULL,
    client_id    text        NOT NULL,
    contact_id   text        NOT NULL DEFAULT '',
    case_id      text        NOT NULL DEFAULT '',
    customer_id  text        NOT NULL DEFAULT '',
    agent_id     text        NOT NULL DEFAULT '',
    seq          bigint,
    data         jsonb       NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE facts_rest PARTITION OF facts DEFAULT;
CREATE INDEX facts_by_contact ON facts (contact_id, at) WHERE contact_id <> '';
CREATE INDEX facts_by_case ON facts (case_id, at) WHERE case_id <> '';
CREATE INDEX facts_by_time ON facts (provider_id, at);

CREATE FUNCTION facts_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'facts are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER facts_append_only BEFORE UPDATE OR DELETE ON facts
    FOR EACH ROW EXECUTE FUNCTION facts_are_append_only();
