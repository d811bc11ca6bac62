-- No limits, for statements that cannot be in a transaction.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET default_transaction_read_only = off;
-- PostgreSQL 17 and later limit whole transactions too.
SELECT pg_catalog.set_config('transaction_timeout', '0', false)
    WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
