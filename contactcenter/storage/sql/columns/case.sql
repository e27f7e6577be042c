c.id, c.number, c.provider_id AS provider, c.client_id AS client, coalesce(c.customer_id, '') AS customer, c.kind,
    c.state, c.owner_id AS owner, c.subject, micros(c.opened_at) AS opened_at, micros(c.due_at) AS due_at,
    c.due_text, c.provisional, c.calendar_version, c.version, c.body::text AS body,
    micros(c.breached_at) AS breached_at, micros(c.closed_at) AS closed_at
