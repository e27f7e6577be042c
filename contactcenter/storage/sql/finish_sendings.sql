-- Nobody waits for the disk: a crash of the server that forgets this lets a sending come due again, which each kind bears
-- (docs/architecture.md, What leaves); its claim, which counts a dial before it is made, is flushed like everything else.
UPDATE outbox o SET done_at = instant(s.at), outcome = s.outcome, dead = s.dead
FROM json_to_recordset($1::json) AS s (id text, outcome text, at bigint, dead boolean),
    (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried (mode)
WHERE o.id = s.id AND o.done_at IS NULL AND unhurried.mode = 'off'
