INSERT INTO customers (id, provider_id, client_id, since, name, tier, language, account_owner)
SELECT c.id, c.provider, c.client, instant(c.since), c.name, c.tier, c.language, c.account_owner
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::smallint[], $7::text[], $8::text[]
) AS c (id, provider, client, since, name, tier, language, account_owner)
RETURNING id
