-- By id, each within its own scope; client '' means all of the provider's.
SELECT w.n, {contact} FROM json_to_recordset($1::json) AS w (n integer, provider text, client text, id text)
CROSS JOIN LATERAL (SELECT c.* FROM contacts c WHERE c.id = w.id OFFSET 0) c
WHERE c.provider_id = w.provider AND (w.client = '' OR c.client_id = w.client)
