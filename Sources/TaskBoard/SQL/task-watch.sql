-- Of tasks that a process runs, those that are still its own, and whether somebody wants them to end.
-- $1 keys, $2 attempts
SELECT t.lock_key, t.cancel_requested_at IS NOT NULL AS is_cancelled
FROM ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::int[])) AS x(lock_key, attempt)
JOIN {BOARD} t ON t.lock_key OPERATOR(pg_catalog.=) x.lock_key AND t.attempt OPERATOR(pg_catalog.=) x.attempt
    AND t.state OPERATOR(pg_catalog.=) 'running'
