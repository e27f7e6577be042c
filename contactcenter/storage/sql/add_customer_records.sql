INSERT INTO customer_records (id, customer_id, provider_id, client_id, kind, at, summary, amount_fen)
SELECT r.id, r.customer, r.provider, r.client, r.kind, instant(r.at), r.summary, r.amount_fen
FROM json_to_recordset($1::json) AS r (
    id text, customer text, provider text, client text, kind text, at bigint, summary text, amount_fen bigint
)
RETURNING id
