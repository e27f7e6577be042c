-- $1 domain, $2 owner, $3 seconds, $4 seconds it must have been without an owner, unless $2 is its heir.
-- The database's clock rules; a lease from before the server's start is void. A released row keeps the instant.
INSERT INTO routing_domains AS d (domain_id, owner, epoch, renewed_at, expires_at, taken_why, taken_at)
VALUES ($1, $2, 1, clock_timestamp(), clock_timestamp() + $3::float8 * interval '1 second', 'free', clock_timestamp())
ON CONFLICT (domain_id) DO UPDATE
SET owner = excluded.owner, epoch = d.epoch + 1, renewed_at = excluded.renewed_at, expires_at = excluded.expires_at,
    heir = '', taken_from = d.owner, taken_at = excluded.taken_at,
    taken_why = CASE
        WHEN d.owner = excluded.owner THEN 'again'
        WHEN d.owner = '' THEN CASE WHEN d.heir = '' THEN 'free' ELSE 'handover' END
        WHEN d.renewed_at < pg_postmaster_start_time() THEN 'restarted'
        ELSE 'expired' END
WHERE d.owner = excluded.owner
   OR (d.owner = '' AND d.heir = excluded.owner)
   OR d.renewed_at < pg_postmaster_start_time()
   OR coalesce(d.expires_at, '-infinity') <= clock_timestamp() - $4::float8 * interval '1 second'
RETURNING epoch, last_seq, arrivals, taken_why AS why, taken_from AS before
