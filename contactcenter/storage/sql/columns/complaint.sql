c.case_id AS "case", c.provider_id AS provider, c.client_id AS client, c.contact_id AS contact,
    c.accused_id AS accused, c.level, c.step, c.accepted_by, c.version, c.body::text AS body,
    micros(c.accept_due) AS accept_due, micros(c.decide_due) AS decide_due, micros(c.decided_at) AS decided_at
