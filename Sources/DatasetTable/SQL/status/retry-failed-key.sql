-- Whether a text is a key of the table: it fails if not.
-- $1 key as text
SELECT $1::pg_catalog.text::{KEY} IS NULL AS is_null
