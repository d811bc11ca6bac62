-- What is known about fetching a row: the source's own identifier, and when it is asked again. Several tables can share it.
CREATE TABLE IF NOT EXISTS {SCHEMA}dataset_fetch (
    table_name text NOT NULL,
    dataset_id {KEY} NOT NULL,
    source text NOT NULL,
    upstream_id text,
    last_seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    last_enriched_at timestamptz,
    attempts int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    missing_since timestamptz,
    error_code text,
    PRIMARY KEY (table_name, dataset_id)
);
CREATE UNIQUE INDEX IF NOT EXISTS dataset_fetch_upstream ON {SCHEMA}dataset_fetch (table_name, source, upstream_id);
-- Those that are to be asked for, the ones that are due first.
CREATE INDEX IF NOT EXISTS dataset_fetch_due ON {SCHEMA}dataset_fetch (table_name, source, next_attempt_at)
    WHERE next_attempt_at IS NOT NULL;
-- Where runs of catalog-fetch go on: one row for each task of each source. Several tables can share it.
CREATE TABLE IF NOT EXISTS {SCHEMA}source_cursor (
    table_name text NOT NULL,
    source text NOT NULL,
    task text NOT NULL,
    cursor text,
    watermark timestamptz,
    next_watermark timestamptz,
    file_name text,
    byte_offset bigint,
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (table_name, source, task)
);
