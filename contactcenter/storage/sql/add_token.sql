INSERT INTO tokens (token_hash, kind, provider_id, client_id, subject, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, instant($6), instant($7))
ON CONFLICT (token_hash) DO NOTHING
