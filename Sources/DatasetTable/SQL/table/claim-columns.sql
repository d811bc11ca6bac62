-- Claims all shards of columns, as batches do: waits until those in hand are done, and while it holds them no batch
-- begins. The application knows nothing of these locks.
-- $1 namespaces
SELECT count(pg_advisory_xact_lock(n.namespace, s.shard)) AS locks
FROM (SELECT DISTINCT namespace FROM unnest($1::int[]) AS u(namespace) ORDER BY 1) n
CROSS JOIN generate_series(0, {SHARD_COUNT} - 1) AS s(shard)
