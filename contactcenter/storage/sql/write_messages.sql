-- `ordinal` counts the messages of one conversation from 1; a conversation opened just now begins at 0.
INSERT INTO messages (
    id, conversation_id, seq, provider_id, client_id, sender, at, text, contact_id, agent_id, message_id, detail, raw
)
SELECT m.id, m.conversation, m.ordinal + coalesce(t.before, 0), m.provider, m.client, m.sender, instant(m.at),
    m.text, m.contact, m.agent, m.message_id, m.detail::jsonb, m.raw
FROM unnest(
    $1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::bytea[]
) AS m (
    id, conversation, ordinal, provider, client, sender, at, text, contact, agent, message_id, detail, raw
)
LEFT JOIN touch_conversations t ON t.id = m.conversation
RETURNING id, seq
