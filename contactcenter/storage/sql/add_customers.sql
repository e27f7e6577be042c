INSERT INTO customers (id, provider_id, client_id, since, name, tier, language, account_owner)
SELECT c.id, c.provider, c.client, instant(c.since), c.name, c.tier, c.language, c.account_owner
FROM json_to_recordset($1::json) AS c (
    id text, provider text, client text, since bigint, name text, tier smallint, language text,
    account_owner text
)
RETURNING id
