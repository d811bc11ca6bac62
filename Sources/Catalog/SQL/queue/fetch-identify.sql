-- Notes the source's identifier of a row that has none yet, unless another row has it.
-- $1 key, $2 source, $3 identifier
UPDATE {FETCH} f SET upstream_id = $3::pg_catalog.text
WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) $1::{KEY}
    AND f.source OPERATOR(pg_catalog.=) $2::pg_catalog.text
    AND (f.upstream_id IS NULL OR f.upstream_id OPERATOR(pg_catalog.=) $3::pg_catalog.text)
    AND NOT EXISTS (
        SELECT FROM {FETCH} o
        WHERE o.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND o.source OPERATOR(pg_catalog.=) $2::pg_catalog.text
            AND o.upstream_id OPERATOR(pg_catalog.=) $3::pg_catalog.text
            AND o.dataset_id OPERATOR({KEY_SCHEMA}.<>) f.dataset_id
            AND EXISTS (SELECT FROM {TABLE} d WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) o.dataset_id))
RETURNING f.dataset_id AS id
