-- Phone connections that somebody owns at the moment.
SELECT name FROM connection_leases WHERE owner <> '' AND expires_at > clock_timestamp()
