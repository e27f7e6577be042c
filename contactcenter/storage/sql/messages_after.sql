SELECT m.conversation_id AS conversation, m.seq, m.id, m.contact_id AS contact, m.sender, m.agent_id AS agent,
    m.message_id, micros(m.at) AS at, m.text, m.detail::text AS detail
FROM messages m
WHERE m.conversation_id = $3 AND m.seq > $4 AND m.provider_id = $1 AND ($2 = '' OR m.client_id = $2)
ORDER BY m.seq
LIMIT $5
