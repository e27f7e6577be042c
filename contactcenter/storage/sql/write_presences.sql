INSERT INTO presences AS p (
    domain_id, provider_id, agent_id, state, reason, used_units, capacity, desk_seq, changed_at, route
)
SELECT $1::text, n.provider, n.agent, n.state, n.reason, n.used_units, n.capacity, n.desk_seq,
    instant(n.changed_at), n.route
FROM unnest(
    $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::integer[], $7::text::integer[],
    $8::text::bigint[], $9::text::bigint[], $10::text::text[]
) AS n (provider, agent, state, reason, used_units, capacity, desk_seq, changed_at, route)
ON CONFLICT (provider_id, agent_id) DO UPDATE
SET domain_id = excluded.domain_id, state = excluded.state, reason = excluded.reason,
    used_units = excluded.used_units, capacity = excluded.capacity, desk_seq = excluded.desk_seq,
    changed_at = excluded.changed_at, route = excluded.route
RETURNING p.agent_id
