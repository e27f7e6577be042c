o.id, o.kind, o.provider_id AS provider, o.client_id AS client, o.contact_id AS contact, o.payload::text AS payload,
    o.attempts, micros(o.created_at) AS created_at, micros(o.not_after) AS not_after, o.outcome,
    micros(o.done_at) AS done_at, o.dead
