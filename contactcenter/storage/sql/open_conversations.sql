INSERT INTO conversations (
    id, provider_id, client_id, medium, door, thread, opened_at, customer_id, address, subject, language,
    contact_id, closed_at, last_seq
)
SELECT c.id, c.provider, c.client, c.medium, c.door, c.thread, instant(c.opened_at), nullif(c.customer, ''),
    c.address, c.subject, c.language, c.contact, instant(c.closed_at), c.last_seq
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[]
) AS c (
    id, provider, client, medium, door, thread, opened_at, customer, address, subject, language, contact,
    closed_at, last_seq
)
RETURNING id
