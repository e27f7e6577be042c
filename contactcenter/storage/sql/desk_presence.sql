SELECT p.provider_id AS provider, p.agent_id AS agent, p.desk_seq, p.route, p.used_units, p.capacity
FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
JOIN presences p ON p.provider_id = k.provider AND p.agent_id = k.agent
