UPDATE contacts c
SET version = c.version + 1, state = m.state, owner_id = m.owner, view = m.view, tier = m.tier,
    complaint = m.complaint, deadline = instant(m.deadline), answered_at = instant(m.answered_at),
    ended_at = instant(m.ended_at), outcome = m.outcome,
    released_by = coalesce(nullif(m.released_by, ''), c.released_by), route = m.route::jsonb
FROM unnest(
    $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::boolean[], $9::bigint[],
    $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[]
) AS m (
    id, expected, state, owner, view, tier, complaint, deadline, answered_at, ended_at, outcome, released_by, route
)
WHERE c.id = m.id AND c.version = m.expected AND c.domain_id = $1
RETURNING c.id
