INSERT INTO contacts (
    id, domain_id, provider_id, client_id, lease_id, medium, view, door, external_id, tier, opened_at, enqueued_at,
    deadline, customer_id, address, language, subject, complaint, origin_id, conversation_id, case_id, context
)
SELECT c.id, c.domain, c.provider, c.client, c.lease, c.medium, c.view, c.door, c.external_id, c.tier,
    instant(c.opened_at), instant(c.enqueued_at), instant(c.deadline), nullif(c.customer, ''), c.address,
    c.language, c.subject, c.complaint, nullif(c.origin, ''), nullif(c.conversation, ''), nullif(c."case", ''),
    c.context
FROM json_to_recordset($1::json) AS c (
    id text, domain text, provider text, client text, lease text, medium text, view text, door text,
    external_id text, tier smallint, opened_at bigint, enqueued_at bigint, deadline bigint, customer text,
    address text, language text, subject text, complaint boolean, origin text, conversation text, "case" text,
    context jsonb
)
RETURNING id
