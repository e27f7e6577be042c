INSERT INTO identities (customer_id, provider_id, client_id, kind, value)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
RETURNING value
