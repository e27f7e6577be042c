UPDATE assignments a
SET wrap_up_at = coalesce(instant(m.wrap_up_at), a.wrap_up_at), ended_at = instant(m.ended_at),
    reason = CASE WHEN m.reason = '' THEN a.reason ELSE m.reason END
FROM json_to_recordset($1::json) AS m (
    contact text, agent text, role text, wrap_up_at bigint, ended_at bigint, reason text
)
WHERE a.contact_id = m.contact AND a.agent_id = m.agent AND a.role = m.role AND a.ended_at IS NULL
RETURNING a.id
