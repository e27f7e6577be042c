UPDATE connection_leases
SET renewed_at = clock_timestamp(), expires_at = clock_timestamp() + $4::float8 * interval '1 second'
WHERE name = $1 AND owner = $2 AND epoch = $3
RETURNING epoch
