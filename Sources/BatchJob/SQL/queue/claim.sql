-- Claims shards until the end of the transaction, without waiting; returns those that nobody else holds.
-- A statement of its own: the following read must take a newer snapshot than the locks, which do not obey MVCC.
-- $1 namespace, $2 shards
SELECT c.shard
FROM pg_catalog.unnest($2::int[]) AS c(shard)
WHERE pg_catalog.pg_try_advisory_xact_lock($1::int, c.shard)
