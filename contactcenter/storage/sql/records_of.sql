SELECT id, kind, micros(at) AS at, summary, amount_fen FROM customer_records
WHERE customer_id = $1
ORDER BY at DESC, id DESC
LIMIT 20
