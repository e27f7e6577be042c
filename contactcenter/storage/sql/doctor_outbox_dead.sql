-- Sendings that were given up and that nobody has looked after.
SELECT count(*), max(kind || ' ' || id || ': ' || left(outcome, 80)) AS example FROM outbox WHERE dead
