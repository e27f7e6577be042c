INSERT INTO complaints (
    case_id, provider_id, client_id, level, step, contact_id, accused_id, accepted_by, accept_due, decide_due,
    decided_at, body
)
SELECT c.case_id, c.provider, c.client, c.level, c.step, c.contact, c.accused, c.accepted_by,
    instant(c.accept_due), instant(c.decide_due), instant(c.decided_at), c.body::jsonb
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::integer[]
) AS c (
    case_id, provider, client, level, step, contact, accused, accepted_by, accept_due, decide_due, decided_at,
    body, expected
)
RETURNING case_id
