INSERT INTO assignments (
    id, contact_id, agent_id, provider_id, client_id, role, began_at, wrap_up_at, ended_at, reason
)
SELECT a.id, a.contact, a.agent, a.provider, a.client, a.role, instant(a.at), instant(a.wrap_up_at), instant(a.ended_at),
    a.reason
FROM json_to_recordset($1::json) AS a (
    id text, contact text, agent text, provider text, client text, role text, at bigint, wrap_up_at bigint,
    ended_at bigint, reason text
)
RETURNING id
