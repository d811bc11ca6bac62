-- How far the index has come that is being built on the table. A phase counts blocks, tuples or sessions to wait for.
-- $1 table
SELECT p.phase, p.blocks_done + p.tuples_done + p.lockers_done AS done,
    p.blocks_total + p.tuples_total + p.lockers_total AS total
FROM pg_stat_progress_create_index p
WHERE p.relid = $1::oid AND p.datname = current_database()
LIMIT 1
