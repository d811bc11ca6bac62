-- Claims all shards of columns, as batches do: waits until those in hand are done, and while it holds them no batch
-- begins. The application knows nothing of these locks.
-- $1 namespaces
SELECT pg_catalog.count(pg_catalog.pg_advisory_xact_lock(n.namespace, s.shard)) AS locks
FROM (SELECT DISTINCT namespace FROM pg_catalog.unnest($1::int[]) AS u(namespace) ORDER BY 1) n
CROSS JOIN pg_catalog.generate_series(0, {SHARD_COUNT} OPERATOR(pg_catalog.-) 1) AS s(shard)
