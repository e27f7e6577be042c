SELECT document::text FROM configurations WHERE provider_id = $1 AND version = $2
