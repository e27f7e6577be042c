-- In no order: by id the server would walk through every contact that there ever was.
SELECT id, version, route FROM contacts WHERE domain_id = $1 AND ended_at IS NULL
