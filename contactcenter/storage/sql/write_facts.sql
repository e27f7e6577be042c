-- A fact leaves out what has its default.
INSERT INTO facts (
    id, at, kind, v, provider_id, client_id, contact_id, case_id, customer_id, agent_id, seq, data
)
SELECT f.id, instant(f.at), f.kind, coalesce(f.v, 1), f.provider, coalesce(f.client, ''), coalesce(f.contact, ''),
    coalesce(f."case", ''), coalesce(f.customer, ''), coalesce(f.agent, ''), f.seq, coalesce(f.data, '{}')
FROM json_to_recordset($1::json) AS f (
    id text, at bigint, kind text, v smallint, provider text, client text, contact text, "case" text,
    customer text, agent text, seq bigint, data jsonb
)
ON CONFLICT (id, at) DO NOTHING
RETURNING id
