SELECT {conversation} FROM conversations c WHERE c.door = $1 AND c.thread = $2
