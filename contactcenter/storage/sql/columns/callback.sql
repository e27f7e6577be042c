c.id, c.provider_id AS provider, c.client_id AS client, c.number, c.contact_id AS contact, c.line, c.language, c.state,
    c.attempts::text AS attempts, c.outcome, c.ended_by, c.version, micros(c.requested_at) AS requested_at,
    micros(c.window_from) AS window_from, micros(c.window_until) AS window_until, micros(c.ended_at) AS ended_at
