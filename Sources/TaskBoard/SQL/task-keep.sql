-- The transaction that keeps the locks of tasks for as long as they run: it writes nothing, holds no snapshot while it is
-- idle, and may be idle without limit.
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL idle_in_transaction_session_timeout = 0;
-- PostgreSQL 17 and later limit whole transactions too.
SELECT pg_catalog.set_config('transaction_timeout', '0', true)
    WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
