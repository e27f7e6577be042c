INSERT INTO contacts (
    id, domain_id, provider_id, client_id, lease_id, medium, view, door, external_id, tier, opened_at, enqueued_at,
    deadline, customer_id, address, language, subject, complaint, origin_id, conversation_id, case_id, context
)
SELECT c.id, c.domain, c.provider, c.client, c.lease, c.medium, c.view, c.door, c.external_id, c.tier,
    instant(c.opened_at), instant(c.enqueued_at), instant(c.deadline), nullif(c.customer, ''), c.address,
    c.language, c.subject, c.complaint, nullif(c.origin, ''), nullif(c.conversation, ''), nullif(c.case_id, ''),
    c.context::jsonb
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::smallint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[],
    $17::text[], $18::boolean[], $19::text[], $20::text[], $21::text[], $22::text[]
) AS c (
    id, domain, provider, client, lease, medium, view, door, external_id, tier, opened_at, enqueued_at, deadline,
    customer, address, language, subject, complaint, origin, conversation, case_id, context
)
RETURNING id
