-- Vectors of the column by the model they came from, and entries of any column that outlived their row.
-- $1 the column's name in embedding_state
SELECT e.model_fingerprint AS model,
    count(*) FILTER (WHERE e.column_name = $1::text AND d.{COLUMN} IS NOT NULL) AS vectors,
    count(*) FILTER (WHERE d.{ID} IS NULL) AS orphans
FROM {STATE} e
LEFT JOIN {TABLE} d ON d.{ID} = e.dataset_id
WHERE e.table_name = {TABLE_NAME}
GROUP BY 1
ORDER BY 2 DESC, 1
