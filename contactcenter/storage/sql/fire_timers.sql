-- The server's clock: this column is for people who look; the fact carries the instant that counts.
UPDATE timers SET fired_at = now() WHERE id = ANY ($1::text[]) AND coalesce(fired_at, 'infinity') = 'infinity' RETURNING id
