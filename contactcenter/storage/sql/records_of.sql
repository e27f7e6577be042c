SELECT r.id, r.kind, micros(r.at) AS at, r.summary, r.amount_fen FROM customer_records r
WHERE r.customer_id = $1
ORDER BY r.at DESC, r.id DESC
LIMIT 20
