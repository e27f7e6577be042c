-- The comparison with infinity keeps the planner from walking the partial index of all live ones: one look-up by contact each.
UPDATE assignments a
SET wrap_up_at = coalesce(instant(m.wrap_up_at), a.wrap_up_at), ended_at = instant(m.ended_at),
    reason = CASE WHEN m.reason = '' THEN a.reason ELSE m.reason END
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::text[], $4::text::bigint[], $5::text::bigint[], $6::text::text[]
) AS m (contact, agent, role, wrap_up_at, ended_at, reason)
WHERE a.contact_id = m.contact AND a.agent_id = m.agent AND a.role = m.role AND coalesce(a.ended_at, 'infinity') = 'infinity'
RETURNING a.id
