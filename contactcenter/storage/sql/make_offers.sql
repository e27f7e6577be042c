INSERT INTO offers (
    id, contact_id, agent_id, provider_id, client_id, attempt, made_at, expires_at, ended_at, outcome, reason
)
SELECT o.id, o.contact, o.agent, o.provider, o.client, o.attempt, instant(o.made_at), instant(o.expires_at),
    instant(o.ended_at), o.outcome, o.reason
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::text[], $11::text[]
) AS o (id, contact, agent, provider, client, attempt, made_at, expires_at, ended_at, outcome, reason)
RETURNING id
