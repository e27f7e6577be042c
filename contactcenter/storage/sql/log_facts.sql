-- A router's facts: their numbers are new, for the fence has counted on. One that is there already undoes the batch.
INSERT INTO facts (
    id, at, kind, v, provider_id, client_id, contact_id, case_id, customer_id, agent_id, seq, data
)
SELECT f.id, instant(f.at), f.kind, f.v, f.provider, f.client, f.contact, f."case", f.customer, f.agent, f.seq,
    f.data::jsonb
FROM unnest(
    $1::text::text[], $2::text::bigint[], $3::text::text[], $4::text::smallint[], $5::text::text[], $6::text::text[],
    $7::text::text[], $8::text::text[], $9::text::text[], $10::text::text[], $11::text::bigint[], $12::text::text[]
) AS f (id, at, kind, v, provider, client, contact, "case", customer, agent, seq, data)
RETURNING id
