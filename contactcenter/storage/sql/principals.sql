SELECT t.token_hash, t.kind, t.provider_id AS provider, t.subject, t.client_id AS client,
    micros(t.expires_at) AS expires_at
FROM unnest($1::text[]) AS k (token_hash)
CROSS JOIN LATERAL (SELECT t.* FROM tokens t WHERE t.token_hash = decode(k.token_hash, 'hex') OFFSET 0) t
WHERE t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > instant($2))
