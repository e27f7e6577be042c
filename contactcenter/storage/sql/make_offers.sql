INSERT INTO offers (
    id, contact_id, agent_id, provider_id, client_id, attempt, made_at, expires_at, ended_at, outcome, reason
)
SELECT o.id, o.contact, o.agent, o.provider, o.client, o.attempt, instant(o.made_at), instant(o.expires_at),
    instant(o.ended_at), o.outcome, o.reason
FROM json_to_recordset($1::json) AS o (
    id text, contact text, agent text, provider text, client text, attempt integer, made_at bigint,
    expires_at bigint, ended_at bigint, outcome text, reason text
)
RETURNING id
