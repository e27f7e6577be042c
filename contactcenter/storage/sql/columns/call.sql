k.call, k.life::text AS life, k.version, k.contact_id, coalesce(k.life ->> 'state', '') IN ('released', 'lost') AS gone
