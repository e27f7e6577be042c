-- Nobody waits for the disk: a crash of the server that forgets this lets a sending come due again, which each kind bears
-- (docs/architecture.md, What leaves); its claim, which counts a dial before it is made, is flushed like everything else.
UPDATE outbox o SET done_at = instant(s.at), outcome = s.outcome, dead = s.dead
FROM unnest($1::text::text[], $2::text::text[], $3::text::bigint[], $4::text::boolean[]) AS s (id, outcome, at, dead),
    (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried (mode)
WHERE o.id = s.id AND coalesce(o.done_at, 'infinity') = 'infinity' AND unhurried.mode = 'off'
