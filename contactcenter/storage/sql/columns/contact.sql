c.id, c.domain_id AS domain, c.provider_id AS provider, c.client_id AS client, c.lease_id AS lease,
    coalesce(c.customer_id, '') AS customer, c.medium, c.view, c.door, c.address, c.language, c.subject, c.tier,
    c.complaint, coalesce(c.origin_id, '') AS origin, coalesce(c.conversation_id, '') AS conversation,
    coalesce(c.case_id, '') AS "case", c.external_id, c.context::text AS context, micros(c.opened_at) AS opened_at,
    micros(c.enqueued_at) AS enqueued_at, micros(c.deadline) AS deadline, c.state, c.owner_id AS owner, c.outcome,
    c.released_by, c.version, micros(c.answered_at) AS answered_at, micros(c.ended_at) AS ended_at
