-- From now on it is without an owner; the heir, if there is one, need not wait.
UPDATE routing_domains SET owner = '', heir = $4, expires_at = clock_timestamp()
WHERE domain_id = $1 AND owner = $2 AND epoch = $3
