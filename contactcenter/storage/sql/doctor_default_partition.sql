-- Facts outside of the months that were made ahead.
SELECT count(*), min(to_char(at, 'YYYY-MM')) AS example FROM facts_rest
