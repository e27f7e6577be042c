INSERT INTO assignments (
    id, contact_id, agent_id, provider_id, client_id, role, began_at, wrap_up_at, ended_at, reason
)
SELECT a.id, a.contact, a.agent, a.provider, a.client, a.role, instant(a.at), instant(a.wrap_up_at), instant(a.ended_at),
    a.reason
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::text[],
    $7::text::bigint[], $8::text::bigint[], $9::text::bigint[], $10::text::text[]
) AS a (id, contact, agent, provider, client, role, at, wrap_up_at, ended_at, reason)
RETURNING id
