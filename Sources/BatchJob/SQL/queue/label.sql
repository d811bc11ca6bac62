-- A row that cannot be read, by its key alone.
-- $1 keys
SELECT d.{ID} AS id, d.{ID}::pg_catalog.text AS label, {SHARD} AS shard
FROM {TABLE} d
WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) ANY ($1::{KEY}[])
