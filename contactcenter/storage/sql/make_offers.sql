INSERT INTO offers (
    id, contact_id, agent_id, provider_id, client_id, attempt, made_at, expires_at, ended_at, outcome, reason
)
SELECT o.id, o.contact, o.agent, o.provider, o.client, o.attempt, instant(o.made_at), instant(o.expires_at),
    instant(o.ended_at), o.outcome, o.reason
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::integer[],
    $7::text::bigint[], $8::text::bigint[], $9::text::bigint[], $10::text::text[], $11::text::text[]
) AS o (id, contact, agent, provider, client, attempt, made_at, expires_at, ended_at, outcome, reason)
RETURNING id
