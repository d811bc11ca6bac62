-- Frees identifiers that are noted of rows which are no longer there.
-- $1 source, $2 identifiers
DELETE FROM {FETCH} f
WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.source OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND f.upstream_id OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.text[])
    AND NOT EXISTS (SELECT FROM {TABLE} d WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) f.dataset_id)
