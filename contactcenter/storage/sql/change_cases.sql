-- Who it belongs to, its number and when it was opened never change.
UPDATE cases k
SET version = k.version + 1, kind = c.kind, due_at = instant(c.due_at), customer_id = nullif(c.customer, ''),
    state = c.state, owner_id = c.owner, subject = c.subject, due_text = c.due_text, provisional = c.provisional,
    calendar_version = c.calendar_version, breached_at = instant(c.breached_at), closed_at = instant(c.closed_at),
    body = c.body::jsonb
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::boolean[], $14::text[], $15::bigint[], $16::bigint[], $17::text[],
    $18::integer[]
) AS c (
    id, number, provider, client, kind, opened_at, due_at, customer, state, owner, subject, due_text, provisional,
    calendar_version, breached_at, closed_at, body, expected
)
WHERE k.id = c.id AND k.version = c.expected AND k.provider_id = c.provider AND k.client_id = c.client
RETURNING k.id
