-- One task about a column.
-- $1 table, $2 column, $3 id
SELECT {TASK}
FROM {BOARD} t
WHERE t.table_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND t.column_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
    AND t.id OPERATOR(pg_catalog.=) $3::pg_catalog.text::pg_catalog.uuid
