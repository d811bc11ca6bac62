-- The time limits of a change to the catalog: long while batches in hand end, short for the lock that stops the
-- application (change-lock-limit.sql).
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = '60s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
-- PostgreSQL 17 and later limit whole transactions too.
SELECT pg_catalog.set_config('transaction_timeout', '0', true)
    WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
