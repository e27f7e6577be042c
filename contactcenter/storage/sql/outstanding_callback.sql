SELECT {callback} FROM callbacks c WHERE c.client_id = $1 AND c.number = $2 AND c.ended_at IS NULL
