-- What the server says about itself.
SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes, current_setting('synchronous_commit') AS synchronous_commit,
    pg_is_in_recovery() AS standby, micros(clock_timestamp()) AS at
