-- The fence: the row stays locked to the end, so a takeover waits for this batch or this batch finds a new epoch.
UPDATE routing_domains SET last_seq = $4::bigint, arrivals = $5::bigint
WHERE domain_id = $1 AND epoch = $2 AND last_seq = $3::bigint
RETURNING domain_id
