-- Tasks about a column, the latest first.
-- $1 table, $2 column, $3 state (NULL: any), $4 the last key of the page before (NULL: none), $5 most of them
SELECT {TASK}
FROM {BOARD} t
WHERE t.table_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND t.column_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
    AND ($3::pg_catalog.text IS NULL OR t.state OPERATOR(pg_catalog.=) $3::pg_catalog.text)
    AND ($4::int IS NULL OR t.lock_key OPERATOR(pg_catalog.<) $4::int)
ORDER BY t.lock_key DESC
LIMIT $5::int
