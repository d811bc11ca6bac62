-- Which models the stored vectors came from.
-- $1 the column's name in embedding_state
SELECT e.model_fingerprint AS model, count(*) AS rows
FROM {STATE} e
WHERE e.table_name = {TABLE_NAME} AND e.column_name = $1::text
GROUP BY 1
