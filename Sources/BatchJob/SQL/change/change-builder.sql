-- One process builds at a time. In a transaction, because a lock of the session would stay behind in a connection pool.
-- $1 namespace
SELECT pg_catalog.pg_try_advisory_xact_lock($1::int, {SHARD_COUNT}) AS is_builder
