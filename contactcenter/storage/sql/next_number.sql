INSERT INTO counters AS c (client_id, name, value) VALUES ($1, $2, 1)
ON CONFLICT (client_id, name) DO UPDATE SET value = c.value + 1
RETURNING value
