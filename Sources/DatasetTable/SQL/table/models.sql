-- Which models the stored vectors came from.
-- $1 the column's name in embedding_state
SELECT e.model_fingerprint AS model, pg_catalog.count(*) AS rows
FROM {STATE} e
WHERE e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND e.column_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
GROUP BY 1
