-- Which model most of a few rows have their vectors from: a run lets no other model into a column that is in use.
-- $1 the column's name in embedding_state
SELECT x.model_fingerprint AS fingerprint
FROM (
    SELECT e.model_fingerprint
    FROM {STATE} e
    WHERE e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND e.column_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
    LIMIT 1000
) x
GROUP BY 1
ORDER BY pg_catalog.count(*) DESC, 1
LIMIT 1
