INSERT INTO customer_records (id, customer_id, provider_id, client_id, kind, at, summary, amount_fen)
SELECT r.id, r.customer, r.provider, r.client, r.kind, instant(r.at), r.summary, r.amount_fen
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[]
) AS r (id, customer, provider, client, kind, at, summary, amount_fen)
RETURNING id
