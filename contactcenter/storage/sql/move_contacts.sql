UPDATE contacts c
SET version = c.version + 1, state = m.state, owner_id = m.owner, view = m.view, tier = m.tier,
    complaint = m.complaint, deadline = instant(m.deadline), answered_at = instant(m.answered_at),
    ended_at = instant(m.ended_at), outcome = m.outcome,
    released_by = coalesce(nullif(m.released_by, ''), c.released_by), route = m.route
FROM unnest(
    $2::text::text[], $3::text::integer[], $4::text::text[], $5::text::text[], $6::text::text[], $7::text::smallint[],
    $8::text::boolean[], $9::text::bigint[], $10::text::bigint[], $11::text::bigint[], $12::text::text[],
    $13::text::text[], $14::text::text[]
) AS m (
    id, expected, state, owner, view, tier, complaint, deadline, answered_at, ended_at, outcome, released_by, route
)
WHERE c.id = m.id AND c.version = m.expected AND c.domain_id = $1
RETURNING c.id
