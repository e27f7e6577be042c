-- Whether a call with a contact may still be on its platform, as far as its life tells: the new owner of a connection, and
-- its survey of each minute, look for these few by an index instead of reading a day of contacts and all calls.
ALTER TABLE calls ADD COLUMN there boolean NOT NULL DEFAULT false;
UPDATE calls k SET there = true
FROM contacts c
WHERE c.id = k.contact_id AND k.contact_id <> '' AND c.opened_at > now() - interval '1 day'
  AND coalesce(k.life ->> 'state', 'released') NOT IN ('released', 'lost');
CREATE INDEX calls_there ON calls (source) WHERE there;
-- A call is written over three times within minutes: with room in its page it stays there, and no index is touched but at its end.
ALTER TABLE calls SET (fillfactor = 60);
