SELECT DISTINCT provider_id FROM configurations ORDER BY provider_id
