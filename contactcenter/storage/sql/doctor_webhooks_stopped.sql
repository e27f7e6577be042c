-- Webhooks whose receiver wanted no more.
SELECT count(*), min(provider_id || '/' || webhook || ': ' || url) AS example FROM webhook_stops
