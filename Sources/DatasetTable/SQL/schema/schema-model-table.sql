-- Which model a column holds, for applications: embedding-job backfill keeps it. Optional.
CREATE TABLE IF NOT EXISTS {SCHEMA}embedding_model (
    table_name text NOT NULL,
    column_name text NOT NULL,
    model text,
    fingerprint bytea NOT NULL,
    dimension int NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (table_name, column_name)
);
