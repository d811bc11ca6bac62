-- What each stored vector was made from: which model, which text. Optional; about 230 bytes a row. Several tables can share
-- it; table_name is spelled as in embedding_model. A table of an earlier version is changed by --apply alone.
CREATE TABLE IF NOT EXISTS {SCHEMA}embedding_state (
    table_name text NOT NULL,
    dataset_id {KEY} NOT NULL,
    column_name text NOT NULL,
    model_fingerprint bytea NOT NULL,
    source_fingerprint bytea NOT NULL,
    tokens int NOT NULL,
    truncated boolean NOT NULL,
    tokens_lost int NOT NULL DEFAULT 0,
    embedded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (table_name, dataset_id, column_name)
) WITH (fillfactor = 90);

-- For a table that lacks the column; rewrites nothing.
ALTER TABLE {SCHEMA}embedding_state ADD COLUMN IF NOT EXISTS tokens_lost int NOT NULL DEFAULT 0;
