-- Queues a task, or finds the one that waits for the same: whose id is not $1, another one has queued.
-- $1 id, $2 name, $3 table, $4 column, $5 arguments
INSERT INTO {BOARD} AS t (id, task_name, table_name, column_name, arguments)
VALUES ($1::pg_catalog.text::pg_catalog.uuid, $2::pg_catalog.text, $3::pg_catalog.text, $4::pg_catalog.text,
    $5::pg_catalog.text::pg_catalog.jsonb)
ON CONFLICT (task_name, table_name, column_name, arguments) WHERE state OPERATOR(pg_catalog.=) 'queued'
    -- DO NOTHING would return nothing, and the other one may begin before it is looked for.
    DO UPDATE SET arguments = excluded.arguments
RETURNING {TASK}
