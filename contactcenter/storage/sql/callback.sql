SELECT {callback} FROM callbacks c WHERE c.id = $3 AND c.provider_id IS NOT DISTINCT FROM $1 AND ($2 = '' OR c.client_id = $2)
