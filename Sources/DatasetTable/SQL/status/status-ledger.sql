-- Failures by class, and how many of them outlived their row.
SELECT f.error_class AS class, pg_catalog.count(*) AS failures,
    pg_catalog.count(*) FILTER (WHERE d.{ID} IS NULL) AS orphans
FROM {LEDGER} f
LEFT JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) f.dataset_id
WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
GROUP BY 1
ORDER BY 1
