SELECT provider_id AS provider, webhook, url, reason, micros(stopped_at) AS at FROM webhook_stops
ORDER BY provider_id, webhook
