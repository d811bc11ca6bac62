-- Ends a task that waits; of one that runs, notes that it is to end. One that has ended stays as it is.
-- $1 table, $2 column, $3 id
UPDATE {BOARD} AS t SET
    state = CASE WHEN t.state OPERATOR(pg_catalog.=) 'queued' THEN 'cancelled' ELSE t.state END,
    finished_at = CASE WHEN t.state OPERATOR(pg_catalog.=) 'queued' THEN pg_catalog.now() END,
    cancel_requested_at = coalesce(t.cancel_requested_at, pg_catalog.now())
WHERE t.table_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND t.column_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
    AND t.id OPERATOR(pg_catalog.=) $3::pg_catalog.text::pg_catalog.uuid
    AND t.state OPERATOR(pg_catalog.=) ANY ('{queued,running}')
RETURNING {TASK}
