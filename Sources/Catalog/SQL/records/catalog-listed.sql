-- Rows in service that a source is said to show, in the order of their keys, without those that were seen since a time.
-- $1 source, $2 the last key before (NULL: none), $3 time, $4 most of them
SELECT d.{ID} AS id, d.{SOURCE_REF}::pg_catalog.text AS ref,
    coalesce(f.last_seen_at OPERATOR(pg_catalog.>=) $3::pg_catalog.text::pg_catalog.timestamptz, false) AS is_seen
FROM {TABLE} d
LEFT JOIN {FETCH} f ON f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID}
WHERE d.{ORIGIN} OPERATOR({ORIGIN_SCHEMA}.=) $1::pg_catalog.text::{ORIGIN_TYPE} AND d.{ACTIVE}
    AND d.{SOURCE_REF} IS NOT NULL AND ($2::{KEY} IS NULL OR d.{ID} OPERATOR({KEY_SCHEMA}.>) $2::{KEY})
ORDER BY d.{ID}
LIMIT $4::int
