-- The server's clock: this column is for people who look; the fact carries the instant that counts.
UPDATE timers SET fired_at = now() WHERE id = ANY ($1::text[]) AND fired_at IS NULL RETURNING id
