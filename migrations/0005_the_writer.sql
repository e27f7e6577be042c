-- What a router writes at every step costs less; what must hold holds as before.

-- Only the router reads its own record of a contact or a presence, and whole: text as it is, not a parsed tree. Programs of
-- before this migration read it with a cast and write JSON, both of which a text column takes.
ALTER TABLE contacts ALTER COLUMN route TYPE text;
ALTER TABLE presences ALTER COLUMN route TYPE text;

-- What an agent owns is found by his live assignment. With this index gone no column that moves before the end of a contact
-- is indexed, so that each of its moves stays in its page (heap-only updates).
DROP INDEX contacts_by_owner;
