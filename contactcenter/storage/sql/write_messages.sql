-- `ordinal` counts the messages of one conversation from 1; a conversation opened just now begins at 0.
INSERT INTO messages (
    id, conversation_id, seq, provider_id, client_id, sender, at, text, contact_id, agent_id, message_id, detail, raw
)
SELECT m.id, m.conversation, m.ordinal + coalesce(t.before, 0), m.provider, m.client, m.sender, instant(m.at),
    m.text, m.contact, m.agent, m.message_id, m.detail, decode(m.raw, 'base64')
FROM json_to_recordset($1::json) AS m (
    id text, conversation text, ordinal bigint, provider text, client text, sender text, at bigint, text text,
    contact text, agent text, message_id text, detail jsonb, raw text
)
LEFT JOIN touch_conversations t ON t.id = m.conversation
RETURNING id, seq
