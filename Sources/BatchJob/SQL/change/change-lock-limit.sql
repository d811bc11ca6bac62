-- How long the next lock may be waited for; who asks for the table after us waits for us that long.
-- $1 time
SELECT pg_catalog.set_config('lock_timeout', $1::pg_catalog.text, true)
