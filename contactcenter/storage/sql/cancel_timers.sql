DELETE FROM timers WHERE id = ANY ($1::text[]) AND coalesce(fired_at, 'infinity') = 'infinity' RETURNING id
