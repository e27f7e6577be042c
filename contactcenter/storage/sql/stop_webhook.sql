INSERT INTO webhook_stops (provider_id, webhook, url, reason, stopped_at) VALUES ($1, $2, $3, $4, instant($5))
ON CONFLICT (provider_id, webhook) DO UPDATE
SET url = excluded.url, reason = excluded.reason, stopped_at = excluded.stopped_at
