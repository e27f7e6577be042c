INSERT INTO cases (
    id, number, provider_id, client_id, kind, opened_at, due_at, customer_id, state, owner_id, subject, due_text,
    provisional, calendar_version, breached_at, closed_at, body
)
SELECT c.id, c.number, c.provider, c.client, c.kind, instant(c.opened_at), instant(c.due_at),
    nullif(c.customer, ''), c.state, c.owner, c.subject, c.due_text, c.provisional, c.calendar_version,
    instant(c.breached_at), instant(c.closed_at), c.body
FROM json_to_recordset($1::json) AS c (
    id text, number text, provider text, client text, kind text, opened_at bigint, due_at bigint,
    customer text, state text, owner text, subject text, due_text text, provisional boolean,
    calendar_version text, breached_at bigint, closed_at bigint, body jsonb, expected integer
)
RETURNING id
