INSERT INTO presences AS p (
    domain_id, provider_id, agent_id, state, reason, used_units, capacity, desk_seq, changed_at, route
)
SELECT $1::text, n.provider, n.agent, n.state, n.reason, n.used_units, n.capacity, n.desk_seq,
    instant(n.changed_at), n.route::jsonb
FROM unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[], $8::bigint[], $9::bigint[],
    $10::text[]
) AS n (provider, agent, state, reason, used_units, capacity, desk_seq, changed_at, route)
ON CONFLICT (provider_id, agent_id) DO UPDATE
SET domain_id = excluded.domain_id, state = excluded.state, reason = excluded.reason,
    used_units = excluded.used_units, capacity = excluded.capacity, desk_seq = excluded.desk_seq,
    changed_at = excluded.changed_at, route = excluded.route
RETURNING p.agent_id
