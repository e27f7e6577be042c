SELECT EXISTS (SELECT FROM tokens WHERE provider_id = $1)
