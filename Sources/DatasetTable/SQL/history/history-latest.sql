-- The last runs about a column, the latest first.
-- $1 table, $2 column, $3 most of them
SELECT r.command, r.runner, r.exit_status, r.exit_reason, r.report::pg_catalog.text AS report,
    pg_catalog.to_char(pg_catalog.timezone('UTC', r.finished_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS finished
FROM {HISTORY} r
WHERE r.table_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND r.column_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
ORDER BY r.finished_at DESC, r.id DESC
LIMIT $3::int
