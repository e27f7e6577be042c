d.client_id AS client, d.number, d.provider_id AS provider, micros(d.added_at) AS added_at, d.added_by, d.reason
