-- Whether a call with a contact may still be on its platform, as far as its life tells: the new owner of a connection, and
-- its survey of each minute, look for these few by an index instead of reading a day of contacts and all calls. The database
-- works it out, also for what a program of before this migration writes; an index over `life` itself would be touched by each of its changes.
ALTER TABLE calls ADD COLUMN there boolean GENERATED ALWAYS AS
    (contact_id <> '' AND coalesce(life ->> 'state', 'released') NOT IN ('released', 'lost')) STORED;
CREATE INDEX calls_there ON calls (source) WHERE there;
-- A call is written over three times within minutes: with room in its page it stays there, and no index is touched but at its end.
ALTER TABLE calls SET (fillfactor = 60);
