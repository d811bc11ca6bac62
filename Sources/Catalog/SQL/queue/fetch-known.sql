-- A dataset that its source has shown lately.
-- $1 source
SELECT d.{SOURCE_REF}::pg_catalog.text AS ref
FROM {FETCH} f
JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) f.dataset_id
WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.source OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND f.last_enriched_at IS NOT NULL AND f.error_code IS NULL AND d.{ACTIVE} AND d.{SOURCE_REF} IS NOT NULL
ORDER BY f.last_enriched_at DESC
LIMIT 1
