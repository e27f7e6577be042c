INSERT INTO facts (
    id, at, kind, v, provider_id, client_id, contact_id, case_id, customer_id, agent_id, seq, data
)
SELECT f.id, instant(f.at), f.kind, f.v, f.provider, f.client, f.contact, f.case_id, f.customer, f.agent, f.seq,
    f.data::jsonb
FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::bigint[], $12::text[]
) AS f (id, at, kind, v, provider, client, contact, case_id, customer, agent, seq, data)
ON CONFLICT (id, at) DO NOTHING
RETURNING id
