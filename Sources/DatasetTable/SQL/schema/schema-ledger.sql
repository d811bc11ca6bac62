-- Rows that could not be embedded, with a pause that grows: codes only, never text. Optional. Several tables can share it;
-- table_name is spelled as in embedding_model. A table of an earlier version, which lacks it, is changed by --apply alone.
CREATE TABLE IF NOT EXISTS {SCHEMA}embedding_failure (
    table_name text NOT NULL,
    dataset_id {KEY} NOT NULL,
    model_fingerprint bytea NOT NULL,
    source_fingerprint bytea NOT NULL,
    attempts int NOT NULL DEFAULT 1,
    error_class text NOT NULL,
    error_code text NOT NULL,
    first_failed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    last_failed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    next_attempt_at timestamptz NOT NULL,
    PRIMARY KEY (table_name, dataset_id, model_fingerprint)
);
