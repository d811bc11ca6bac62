-- Says of a row that its text could not be had; only of one that still waits for it.
-- $1 key
UPDATE {TABLE} t SET {STATUS} = 'failed'::{STATUS_TYPE}, updated_at = {NOW}
WHERE t.{ID} OPERATOR({KEY_SCHEMA}.=) $1::{KEY} AND t.{STATUS}::pg_catalog.text OPERATOR(pg_catalog.=) 'pending'
