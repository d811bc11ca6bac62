-- The board of tasks: who wants embeddings queues one, a run takes it. The lock of a running task has the key lock_key.
-- Several tables can share it; table_name is spelled as in embedding_model.
CREATE TABLE IF NOT EXISTS {BOARD} (
    id uuid PRIMARY KEY,
    lock_key int GENERATED ALWAYS AS IDENTITY UNIQUE,
    task_name text NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    arguments jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued'
        CHECK (state OPERATOR(pg_catalog.=) ANY ('{queued,running,succeeded,failed,cancelled}')),
    attempt int NOT NULL DEFAULT 0,
    run_after timestamptz NOT NULL DEFAULT pg_catalog.now(),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    started_at timestamptz,
    finished_at timestamptz,
    cancel_requested_at timestamptz,
    runner text,
    exit_status int,
    report jsonb,
    error text
);
-- At most one queued task with the same arguments.
CREATE UNIQUE INDEX IF NOT EXISTS embedding_task_queued
    ON {BOARD} (task_name, table_name, column_name, arguments) WHERE state OPERATOR(pg_catalog.=) 'queued';
-- Those that are due, and those that run.
CREATE INDEX IF NOT EXISTS embedding_task_active
    ON {BOARD} (table_name, column_name, state, run_after)
    WHERE state OPERATOR(pg_catalog.=) ANY ('{queued,running}');
