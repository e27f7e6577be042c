c.id, c.provider_id AS provider, c.client_id AS client, c.name, c.tier, c.language, c.account_owner,
    micros(c.since) AS since, c.version
