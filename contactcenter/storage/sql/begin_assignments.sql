INSERT INTO assignments (
    id, contact_id, agent_id, provider_id, client_id, began_at, wrap_up_at, ended_at, reason
)
SELECT a.id, a.contact, a.agent, a.provider, a.client, instant(a.at), instant(a.wrap_up_at), instant(a.ended_at),
    a.reason
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[]
) AS a (id, contact, agent, provider, client, at, wrap_up_at, ended_at, reason)
RETURNING id
