-- Arrivals that could not be accepted and that nobody settled.
SELECT count(*), max(source || ': ' || left(reason, 80)) AS example FROM quarantine WHERE settled_at IS NULL
