-- $1 domain, $2 owner, $3 seconds. The database's clock rules; a lease from before the server's start is void.
INSERT INTO routing_domains AS d (domain_id, owner, epoch, renewed_at, expires_at)
VALUES ($1, $2, 1, clock_timestamp(), clock_timestamp() + $3::float8 * interval '1 second')
ON CONFLICT (domain_id) DO UPDATE
SET owner = excluded.owner, epoch = d.epoch + 1, renewed_at = excluded.renewed_at, expires_at = excluded.expires_at
WHERE d.owner IN ('', excluded.owner)
   OR d.expires_at <= clock_timestamp()
   OR d.renewed_at < pg_postmaster_start_time()
RETURNING epoch, last_seq, arrivals
