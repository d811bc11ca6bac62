-- Gives back rows that were taken and not asked for.
-- $1 keys
UPDATE {FETCH} f SET next_attempt_at = pg_catalog.now()
WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) ANY ($1::{KEY}[])
    AND f.next_attempt_at IS NOT NULL
