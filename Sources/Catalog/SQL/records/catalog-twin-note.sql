-- Notes why a row went out of service.
-- $1 its key, $2 source
INSERT INTO {FETCH} AS f (table_name, dataset_id, source, error_code)
VALUES ({TABLE_NAME}, $1::{KEY}, $2::pg_catalog.text, 'duplicate')
ON CONFLICT (table_name, dataset_id)
    DO UPDATE SET upstream_id = NULL, next_attempt_at = NULL, missing_since = NULL, error_code = excluded.error_code
