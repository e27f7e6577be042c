SELECT kind, provider_id AS provider, subject, client_id AS client, micros(expires_at) AS expires_at FROM tokens
WHERE token_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > instant($2))
