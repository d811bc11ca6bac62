SELECT document FROM {DOCUMENT} WHERE table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
ORDER BY pg_catalog.hashtextextended(dataset_id::pg_catalog.text, 0), dataset_id LIMIT 20000
