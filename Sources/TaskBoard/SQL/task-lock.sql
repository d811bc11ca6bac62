-- Takes the lock of a task up to the end of the transaction, without waiting: whoever has it runs the task.
-- A statement of its own: what is read afterwards must be newer than the lock, which does not obey MVCC.
-- $1 namespace, $2 key
SELECT pg_catalog.pg_try_advisory_xact_lock($1::int, $2::int) AS is_taken
