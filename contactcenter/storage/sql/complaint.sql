SELECT {complaint} FROM complaints c WHERE c.case_id = $3 AND c.provider_id = $1 AND ($2 = '' OR c.client_id = $2)
