-- Failures by class, and how many of them outlived their row.
SELECT f.error_class AS class, count(*) AS failures, count(*) FILTER (WHERE d.{ID} IS NULL) AS orphans
FROM {LEDGER} f
LEFT JOIN {TABLE} d ON d.{ID} = f.dataset_id
WHERE f.table_name = {TABLE_NAME}
GROUP BY 1
ORDER BY 1
