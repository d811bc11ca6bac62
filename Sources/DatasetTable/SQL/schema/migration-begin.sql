-- The time limits of a migration: long for its work, short for locks, since runs wait for the claims that it holds.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = '3600s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
