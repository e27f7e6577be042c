UPDATE calls k
SET version = k.version + 1, client_id = c.client, contact_id = c.contact, life = c.life::jsonb,
    changed_at = instant(c.changed_at)
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::integer[]
) AS c (source, call, provider, client, contact, life, changed_at, expected)
WHERE k.source = c.source AND k.call = c.call AND k.version = c.expected AND k.provider_id = c.provider
RETURNING k.call
