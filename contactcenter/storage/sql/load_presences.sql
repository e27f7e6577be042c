SELECT agent_id, desk_seq, route FROM presences WHERE domain_id = $1 ORDER BY agent_id
