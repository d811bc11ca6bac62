-- Notes that rows are out of service because their source no longer shows them.
-- $1 source, $2 keys
INSERT INTO {FETCH} AS f (table_name, dataset_id, source, error_code)
SELECT {TABLE_NAME}, x.id, $1::pg_catalog.text, 'gone' FROM pg_catalog.unnest($2::{KEY}[]) AS x(id)
ON CONFLICT (table_name, dataset_id) DO UPDATE SET error_code = excluded.error_code, next_attempt_at = NULL
