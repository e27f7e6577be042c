SELECT {conversation} FROM messages m JOIN conversations c ON c.id = m.conversation_id
WHERE m.client_id = $1 AND m.message_id = ANY ($2::text[]) AND m.message_id <> ''
ORDER BY array_position($2::text[], m.message_id) DESC, m.at DESC
LIMIT 1
