SELECT version, document::text AS document FROM configurations WHERE provider_id = $1 ORDER BY version DESC LIMIT 1
