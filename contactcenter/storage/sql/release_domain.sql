UPDATE routing_domains SET owner = '', expires_at = NULL WHERE domain_id = $1 AND owner = $2 AND epoch = $3
