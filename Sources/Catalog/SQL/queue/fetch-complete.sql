-- Rows without their text that nothing is noted about are due at once.
-- $1 source
INSERT INTO {FETCH} AS f (table_name, dataset_id, source, next_attempt_at)
SELECT {TABLE_NAME}, d.{ID}, $1::pg_catalog.text, pg_catalog.now()
FROM {TABLE} d
WHERE d.{ORIGIN} OPERATOR({ORIGIN_SCHEMA}.=) $1::pg_catalog.text::{ORIGIN_TYPE} AND d.{SOURCE_REF} IS NOT NULL
    AND d.{STATUS}::pg_catalog.text OPERATOR(pg_catalog.=) ANY ('{pending,failed}') AND d.{ACTIVE}
    AND NOT EXISTS (
        SELECT FROM {FETCH} o
        WHERE o.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND o.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID}
            AND o.next_attempt_at IS NOT NULL)
ON CONFLICT (table_name, dataset_id) DO UPDATE SET next_attempt_at = excluded.next_attempt_at
