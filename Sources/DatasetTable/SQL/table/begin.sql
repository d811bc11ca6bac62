-- Explicit modes, because a role may default to serializable or read-only. SET LOCAL, because a plain SET would leak to
-- other clients behind pgbouncer.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL idle_in_transaction_session_timeout = '120s';
-- PostgreSQL 17 and later limit whole transactions too.
SELECT pg_catalog.set_config('transaction_timeout', '0', true)
    WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
