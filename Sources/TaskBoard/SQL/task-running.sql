-- Tasks about a column that run, or whose runner has gone away.
-- $1 table, $2 column
SELECT {TASK}
FROM {BOARD} t
WHERE t.table_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND t.column_name OPERATOR(pg_catalog.=) $2::pg_catalog.text AND t.state OPERATOR(pg_catalog.=) 'running'
ORDER BY t.lock_key
