UPDATE complaints k
SET version = k.version + 1, level = c.level, step = c.step, contact_id = c.contact, accused_id = c.accused,
    accepted_by = c.accepted_by, accept_due = instant(c.accept_due), decide_due = instant(c.decide_due),
    decided_at = instant(c.decided_at), body = c.body::jsonb
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::integer[]
) AS c (
    case_id, provider, client, level, step, contact, accused, accepted_by, accept_due, decide_due, decided_at,
    body, expected
)
WHERE k.case_id = c.case_id AND k.version = c.expected AND k.provider_id = c.provider AND k.client_id = c.client
RETURNING k.case_id
