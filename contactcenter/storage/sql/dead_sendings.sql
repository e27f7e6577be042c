-- $1 provider, $2 client ('' all), $3 how many, $4 the last id of the page before ('' from the start).
SELECT {sending} FROM outbox o
WHERE o.provider_id = $1 AND ($2 = '' OR o.client_id = $2) AND o.dead
    AND ($4 = '' OR (o.done_at, o.id) < (SELECT b.done_at, b.id FROM outbox b WHERE b.id = $4))
ORDER BY o.done_at DESC, o.id DESC LIMIT $3
