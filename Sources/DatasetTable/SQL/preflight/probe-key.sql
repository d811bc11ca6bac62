-- What is done to keys.
-- $1 keys
SELECT d.{ID}::pg_catalog.text AS label, {SHARD} AS shard
FROM pg_catalog.unnest($1::{KEY}[]) AS x(id)
JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) x.id
WHERE d.{ID} OPERATOR({KEY_SCHEMA}.>) x.id AND d.{ID} OPERATOR({KEY_SCHEMA}.=) ANY ($1::{KEY}[])
ORDER BY d.{ID}
