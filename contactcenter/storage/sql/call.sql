SELECT life::text AS life, version, contact_id FROM calls WHERE source = $1 AND call = $2
