-- Who holds agents' sockets: gateways by their heartbeat, and at which of them each agent is connected.
--
-- Presence is the agent's and not a socket's: several tabs at several gateways are one agent who is here. `nodes`
-- names the gateways that hold at least one of his sockets; the row is the lock under which his first socket and his
-- last one become events, so that their order is that of the rows. Times are the database's.
CREATE TABLE gateways (
    node         text        PRIMARY KEY,
    seen_at      timestamptz NOT NULL
);

CREATE TABLE attendance (
    provider_id  text        NOT NULL,
    agent_id     text        NOT NULL,
    nodes        text[]      NOT NULL DEFAULT '{}',
    before       integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (provider_id, agent_id)
) WITH (fillfactor = 50);
