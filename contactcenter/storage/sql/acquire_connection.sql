-- $1 name, $2 owner, $3 seconds. The database's clock rules; a lease from before the server's start is void.
INSERT INTO connection_leases AS l (name, owner, epoch, renewed_at, expires_at)
VALUES ($1, $2, 1, clock_timestamp(), clock_timestamp() + $3::float8 * interval '1 second')
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, epoch = l.epoch + 1, renewed_at = excluded.renewed_at, expires_at = excluded.expires_at
WHERE l.owner IN ('', excluded.owner)
   OR l.expires_at <= clock_timestamp()
   OR l.renewed_at < pg_postmaster_start_time()
RETURNING epoch
