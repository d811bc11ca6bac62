-- One row for each run that has ended, with its line of JSON. Optional; several tables can share it.
CREATE TABLE IF NOT EXISTS {SCHEMA}embedding_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name text NOT NULL,
    column_name text NOT NULL,
    command text NOT NULL,
    runner text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    exit_status int NOT NULL,
    exit_reason text NOT NULL,
    report jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS embedding_run_latest ON {SCHEMA}embedding_run (table_name, column_name, finished_at);
