SELECT {callback} FROM callbacks c WHERE c.id = $3 AND c.provider_id = $1 AND ($2 = '' OR c.client_id = $2)
