-- Keys of rows that have a vector and no document, or one of another text or of other extras, in their order.
-- $1 the column's name in embedding_state, $2 the last key of the page before, $3 how many
SELECT d.{ID} AS id
FROM {TABLE} d
JOIN {STATE} s ON s.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND s.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID}
    AND s.column_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
LEFT JOIN {DOCUMENT} e ON e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
    AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID}
WHERE {READY}
    AND ($2::{KEY} IS NULL OR d.{ID} OPERATOR({KEY_SCHEMA}.>) $2::{KEY})
    AND (e.dataset_id IS NULL OR e.source_fingerprint OPERATOR(pg_catalog.<>) s.source_fingerprint
        OR e.extras_hash OPERATOR(pg_catalog.<>) {EXTRAS_HASH})
ORDER BY d.{ID}
LIMIT $3::int
