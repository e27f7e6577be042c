SELECT nodes FROM attendance WHERE provider_id = $1 AND agent_id = $2
