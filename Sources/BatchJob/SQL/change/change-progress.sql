-- How far the index has come that is being built on the table. A phase counts blocks, tuples or sessions to wait for.
-- $1 table
SELECT p.phase, p.blocks_done OPERATOR(pg_catalog.+) p.tuples_done OPERATOR(pg_catalog.+) p.lockers_done AS done,
    p.blocks_total OPERATOR(pg_catalog.+) p.tuples_total OPERATOR(pg_catalog.+) p.lockers_total AS total
FROM pg_catalog.pg_stat_progress_create_index p
WHERE p.relid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
    AND p.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
LIMIT 1
