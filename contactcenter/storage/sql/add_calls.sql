INSERT INTO calls (source, call, provider_id, client_id, contact_id, life, changed_at, version)
SELECT c.source, c.call, c.provider, c.client, c.contact, c.life::jsonb, instant(c.changed_at), 0
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::integer[]
) AS c (source, call, provider, client, contact, life, changed_at, expected)
RETURNING call
