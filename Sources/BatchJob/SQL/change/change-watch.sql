-- The transaction that holds the builder's lock: it idles for as long as an index is built.
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL idle_in_transaction_session_timeout = 0;
-- PostgreSQL 17 and later limit whole transactions too.
SELECT pg_catalog.set_config('transaction_timeout', '0', true)
    WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
