INSERT INTO receipts (source, external_id, payload_hash, result, received_at)
VALUES ($1::text, $2::text, $3::bytea, ($4::text)::jsonb, instant($5::bigint))
RETURNING source
