-- The time limits of DDL, and of a migration: long for its work, short for locks, since runs wait for the claims that it
-- holds, and applications for its locks.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = '3600s';
-- Names and literals are the same for everybody.
SET LOCAL quote_all_identifiers = off;
SET LOCAL standard_conforming_strings = on;
SET LOCAL idle_in_transaction_session_timeout = '60s';
-- PostgreSQL 17 and later limit whole transactions too.
SELECT pg_catalog.set_config('transaction_timeout', '0', true)
    WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
