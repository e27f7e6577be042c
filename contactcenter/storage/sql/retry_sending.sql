UPDATE outbox SET next_at = instant($3), outcome = $2 WHERE id = $1 AND coalesce(done_at, 'infinity') = 'infinity'
