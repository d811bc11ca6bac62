-- Rows that could not be embedded, with a pause that grows: codes only, never text. Optional.
CREATE TABLE IF NOT EXISTS {SCHEMA}embedding_failure (
    dataset_id {KEY} NOT NULL,
    model_fingerprint bytea NOT NULL,
    source_fingerprint bytea NOT NULL,
    attempts int NOT NULL DEFAULT 1,
    error_class text NOT NULL,
    error_code text NOT NULL,
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    last_failed_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL,
    PRIMARY KEY (dataset_id, model_fingerprint)
);

-- What each stored vector was made from: which model, which text. Optional; about 200 bytes a row.
CREATE TABLE IF NOT EXISTS {SCHEMA}embedding_state (
    dataset_id {KEY} NOT NULL,
    column_name text NOT NULL,
    model_fingerprint bytea NOT NULL,
    source_fingerprint bytea NOT NULL,
    tokens int NOT NULL,
    truncated boolean NOT NULL,
    tokens_lost int NOT NULL DEFAULT 0,
    embedded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, column_name)
) WITH (fillfactor = 90);

-- For a table of an earlier version; rewrites nothing.
ALTER TABLE {SCHEMA}embedding_state ADD COLUMN IF NOT EXISTS tokens_lost int NOT NULL DEFAULT 0;
