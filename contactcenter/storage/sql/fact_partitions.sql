-- The months that facts are kept in, oldest first.
SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'facts'::regclass AND c.relname ~ '^facts_\d\d\d\d_\d\d$' ORDER BY c.relname
