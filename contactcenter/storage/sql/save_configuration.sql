INSERT INTO configurations (provider_id, version, document, applied_at, applied_by)
VALUES ($1, $2, ($3::text)::jsonb, instant($4), $5)
