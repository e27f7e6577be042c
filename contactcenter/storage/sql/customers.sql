-- By id, each within its own scope, with all identities and the newest records of the four histories.
SELECT w.n, {customer},
    (SELECT json_agg(json_build_array(i.kind, i.value) ORDER BY i.kind, i.value) FROM identities i
     WHERE i.customer_id = c.id)::text AS identities,
    (SELECT json_agg(r) FROM (
        SELECT id, kind, micros(at) AS at, summary, amount_fen FROM customer_records
        WHERE customer_id = c.id ORDER BY at DESC, id DESC LIMIT 20
     ) r)::text AS records
FROM json_to_recordset($1::json) AS w (n integer, provider text, client text, id text)
JOIN customers c ON c.id = w.id AND c.provider_id = w.provider AND (w.client = '' OR c.client_id = w.client)
