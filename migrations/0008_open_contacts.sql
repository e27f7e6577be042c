-- The open contacts have one index, by their domain, which is their provider. The second, by client within it, answered the same
-- questions (every statement that uses it may also ask for all clients), and each contact wrote it twice.
DROP INDEX contacts_open_by_client;
