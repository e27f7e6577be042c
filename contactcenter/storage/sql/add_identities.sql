INSERT INTO identities (customer_id, provider_id, client_id, kind, value)
SELECT i.customer, i.provider, i.client, i.kind, i.value
FROM json_to_recordset($1::json) AS i (customer text, provider text, client text, kind text, value text)
RETURNING value
