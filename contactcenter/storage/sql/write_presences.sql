INSERT INTO presences AS p (
    domain_id, provider_id, agent_id, state, reason, used_units, capacity, desk_seq, changed_at, route
)
SELECT $1::text, n.provider, n.agent, n.state, n.reason, n.used_units, n.capacity, n.desk_seq,
    instant(n.changed_at), n.route
FROM json_to_recordset($2::json) AS n (
    provider text, agent text, state text, reason text, used_units integer, capacity integer, desk_seq bigint,
    changed_at bigint, route jsonb
)
ON CONFLICT (provider_id, agent_id) DO UPDATE
SET domain_id = excluded.domain_id, state = excluded.state, reason = excluded.reason,
    used_units = excluded.used_units, capacity = excluded.capacity, desk_seq = excluded.desk_seq,
    changed_at = excluded.changed_at, route = excluded.route
RETURNING p.agent_id
