SELECT id, version, route FROM contacts WHERE domain_id = $1 AND ended_at IS NULL ORDER BY id
