INSERT INTO cases (
    id, number, provider_id, client_id, kind, opened_at, due_at, customer_id, state, owner_id, subject, due_text,
    provisional, calendar_version, breached_at, closed_at, body
)
SELECT c.id, c.number, c.provider, c.client, c.kind, instant(c.opened_at), instant(c.due_at),
    nullif(c.customer, ''), c.state, c.owner, c.subject, c.due_text, c.provisional, c.calendar_version,
    instant(c.breached_at), instant(c.closed_at), c.body::jsonb
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::boolean[], $14::text[], $15::bigint[], $16::bigint[], $17::text[],
    $18::integer[]
) AS c (
    id, number, provider, client, kind, opened_at, due_at, customer, state, owner, subject, due_text, provisional,
    calendar_version, breached_at, closed_at, body, expected
)
RETURNING id
