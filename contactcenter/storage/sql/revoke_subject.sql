UPDATE tokens SET revoked_at = instant($3)
WHERE provider_id = $1 AND subject = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > instant($3))
RETURNING token_hash
