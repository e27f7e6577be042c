INSERT INTO conversations (
    id, provider_id, client_id, medium, door, thread, opened_at, customer_id, address, subject, language,
    contact_id, closed_at, last_seq
)
SELECT c.id, c.provider, c.client, c.medium, c.door, c.thread, instant(c.opened_at), nullif(c.customer, ''),
    c.address, c.subject, c.language, c.contact, instant(c.closed_at), c.last_seq
FROM json_to_recordset($1::json) AS c (
    id text, provider text, client text, medium text, door text, thread text, opened_at bigint, customer text,
    address text, subject text, language text, contact text, closed_at bigint, last_seq bigint
)
RETURNING id
