SELECT payload_hash, result::text AS result FROM receipts WHERE source = $1 AND external_id = $2
