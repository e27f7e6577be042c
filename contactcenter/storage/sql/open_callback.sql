SELECT {contact} FROM contacts c
WHERE c.client_id = $1 AND c.address = $2 AND c.medium = 'callback' AND c.ended_at IS NULL
