SELECT r.source, r.external_id, r.payload_hash, r.result::text AS result
FROM json_to_recordset($1::json) AS w (source text, external_id text)
CROSS JOIN LATERAL (
    SELECT r.* FROM receipts r WHERE r.source = w.source AND r.external_id = w.external_id OFFSET 0
) r
