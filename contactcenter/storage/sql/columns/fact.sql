f.id, micros(f.at) AS at, f.kind, f.provider_id AS provider, f.client_id AS client, f.contact_id AS contact,
    f.case_id AS "case", f.customer_id AS customer, f.agent_id AS agent, f.seq, f.v, f.data::text AS data
