UPDATE connection_leases SET owner = '', expires_at = NULL WHERE name = $1 AND owner = $2 AND epoch = $3
