SELECT kind, value FROM identities WHERE customer_id = $1 ORDER BY kind, value
