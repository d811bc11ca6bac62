-- Begins a task whose row and whose lock are held.
-- $1 id, $2 attempt so far, $3 runner
UPDATE {BOARD} AS t SET
    state = 'running', attempt = t.attempt OPERATOR(pg_catalog.+) 1, runner = $3::pg_catalog.text,
    started_at = pg_catalog.now(), finished_at = NULL, exit_status = NULL, report = NULL, error = NULL
WHERE t.id OPERATOR(pg_catalog.=) $1::pg_catalog.text::pg_catalog.uuid
    AND t.attempt OPERATOR(pg_catalog.=) $2::int AND t.state OPERATOR(pg_catalog.=) 'queued'
RETURNING {TASK}
