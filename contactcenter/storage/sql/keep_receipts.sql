INSERT INTO receipts (source, external_id, payload_hash, result, received_at)
SELECT r.source, r.external_id, decode(r.payload_hash, 'base64'), r.result, instant(r.received_at)
FROM json_to_recordset($1::json) AS r (
    source text, external_id text, payload_hash text, result jsonb, received_at bigint
)
RETURNING source
