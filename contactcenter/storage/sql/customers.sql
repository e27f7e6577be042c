-- By id, each within its own scope, with all identities and the newest records of the four histories.
SELECT w.n, {customer},
    (SELECT json_agg(json_build_array(i.kind, i.value) ORDER BY i.kind, i.value) FROM identities i
     WHERE i.customer_id = c.id)::text AS identities,
    (SELECT json_agg(r) FROM (
        SELECT r.id, r.kind, micros(r.at) AS at, r.summary, r.amount_fen FROM customer_records r
        WHERE r.customer_id = c.id ORDER BY r.at DESC, r.id DESC LIMIT 20
     ) r)::text AS records
FROM json_to_recordset($1::json) AS w (n integer, provider text, client text, id text)
CROSS JOIN LATERAL (SELECT c.* FROM customers c WHERE c.id = w.id OFFSET 0) c
WHERE c.provider_id = w.provider AND (w.client = '' OR c.client_id = w.client)
