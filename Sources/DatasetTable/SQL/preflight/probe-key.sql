-- What is done to keys.
-- $1 keys
SELECT d.{ID}::text AS label, {SHARD} AS shard
FROM unnest($1::{KEY}[]) AS x(id)
JOIN {TABLE} d ON d.{ID} = x.id
WHERE d.{ID} > x.id AND d.{ID} = ANY($1::{KEY}[])
ORDER BY d.{ID}
