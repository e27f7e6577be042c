-- When who is called back: all that is outstanding for these clients, by the partial index of what has no outcome.
SELECT c.id, c.client_id AS client, c.number, micros(c.window_from) AS window_from, micros(c.window_until) AS window_until
FROM callbacks c WHERE c.client_id = ANY($1::text[]) AND c.ended_at IS NULL
ORDER BY c.client_id, c.number
