-- One search: it writes nothing, waits for nobody for long, and each statement sees what is true when it begins.
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL idle_in_transaction_session_timeout = '30s';
-- As the literals of the statements are written.
SET LOCAL standard_conforming_strings = on;
-- Compiling would take longer than the search.
SET LOCAL jit = off;
-- The index goes on until it has enough rows that pass the filters.
SET LOCAL hnsw.iterative_scan = relaxed_order;
SET LOCAL hnsw.ef_search = 200;
SET LOCAL hnsw.max_scan_tuples = 100000;
-- PostgreSQL 17 and later limit whole transactions too.
SELECT pg_catalog.set_config('transaction_timeout', '0', true)
    WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
