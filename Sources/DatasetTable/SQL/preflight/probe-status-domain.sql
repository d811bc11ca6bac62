-- Whether a domain takes a status: it fails if not.
-- $1 status
SELECT $1::pg_catalog.text::{STATUS_TYPE} IS NULL AS is_null
