-- Months from now on for which no partition is ready.
SELECT count(*), min(wanted.name) AS example
FROM generate_series(0, 1) n, LATERAL (
    SELECT to_char(date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + n * interval '1 month', '"facts_"YYYY_MM')
) AS wanted (name)
WHERE to_regclass(wanted.name) IS NULL
