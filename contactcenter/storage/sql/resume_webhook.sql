DELETE FROM webhook_stops WHERE provider_id = $1 AND webhook = $2 RETURNING webhook
