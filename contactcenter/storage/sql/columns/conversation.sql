c.id, c.provider_id AS provider, c.client_id AS client, coalesce(c.customer_id, '') AS customer, c.medium, c.door,
    c.thread, c.address, c.subject, c.language, c.contact_id AS contact, c.last_seq,
    micros(c.opened_at) AS opened_at, micros(c.closed_at) AS closed_at
