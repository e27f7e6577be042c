-- True when this gateway was not known: new, or given up while it was silent.
INSERT INTO gateways AS g (node, seen_at) VALUES ($1, clock_timestamp())
ON CONFLICT (node) DO UPDATE SET seen_at = excluded.seen_at
RETURNING xmax = 0 AS fresh
