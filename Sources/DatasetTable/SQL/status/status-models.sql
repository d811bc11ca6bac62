-- Vectors of the column by the model they came from, and entries of any column that outlived their row.
-- $1 the column's name in embedding_state
SELECT e.model_fingerprint AS model,
    pg_catalog.count(*)
        FILTER (WHERE e.column_name OPERATOR(pg_catalog.=) $1::pg_catalog.text AND d.{COLUMN} IS NOT NULL) AS vectors,
    pg_catalog.count(*) FILTER (WHERE d.{ID} IS NULL) AS orphans
FROM {STATE} e
LEFT JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) e.dataset_id
WHERE e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
GROUP BY 1
ORDER BY 2 DESC, 1
