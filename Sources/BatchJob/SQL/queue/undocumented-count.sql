-- How many rows that can be found have no document.
SELECT pg_catalog.count(*) AS rows
FROM {TABLE} d
WHERE {READY} AND NOT EXISTS (
    SELECT FROM {DOCUMENT} e
    WHERE e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID})
