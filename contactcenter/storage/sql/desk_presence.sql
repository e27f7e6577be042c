SELECT desk_seq, route, used_units, capacity FROM presences WHERE provider_id = $1 AND agent_id = $2
