UPDATE contacts c
SET version = c.version + 1, state = m.state, owner_id = m.owner, view = m.view, tier = m.tier,
    complaint = m.complaint, deadline = instant(m.deadline), answered_at = instant(m.answered_at),
    ended_at = instant(m.ended_at), outcome = m.outcome,
    released_by = coalesce(nullif(m.released_by, ''), c.released_by), route = m.route
FROM json_to_recordset($2::json) AS m (
    id text, expected integer, state text, owner text, view text, tier smallint, complaint boolean,
    deadline bigint, answered_at bigint, ended_at bigint, outcome text, released_by text, route jsonb
)
WHERE c.id = m.id AND c.version = m.expected AND c.domain_id = $1
RETURNING c.id
