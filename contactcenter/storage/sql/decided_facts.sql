-- $1 domain, $2 after, $3 through, $4 and $5 the instants of these decisions. A service's facts have no number.
SELECT {fact} FROM facts f
WHERE f.provider_id = $1 AND f.at >= instant($4) AND f.at <= instant($5) AND f.seq > $2 AND f.seq <= $3
ORDER BY f.seq, f.at, f.id
