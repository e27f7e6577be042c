-- $1 domain, $2 and $3 number and epoch of the snapshot that stays, $4 how many at most.
DELETE FROM routing_snapshots s USING (
    SELECT seq, epoch FROM routing_snapshots
    WHERE domain_id = $1 AND (seq, epoch) < ($2, $3) ORDER BY seq, epoch LIMIT $4
) AS old
WHERE s.domain_id = $1 AND s.seq = old.seq AND s.epoch = old.epoch
