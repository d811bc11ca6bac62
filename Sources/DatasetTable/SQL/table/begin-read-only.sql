-- One state of the database for all statements up to COMMIT, none of which can write, whatever they call.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '300s';
-- Names are the same for everybody, as side tables hold them.
SET LOCAL quote_all_identifiers = off;
SET LOCAL idle_in_transaction_session_timeout = '120s';
-- PostgreSQL 17 and later limit whole transactions too.
SELECT pg_catalog.set_config('transaction_timeout', '0', true)
    WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
