-- What counts as much of a metric: its 99th percentile among active rows, for each source that has enough of them, and, under
-- the empty name, for all. Renewed by embedding-job schema --search --refresh-scores.
CREATE TABLE IF NOT EXISTS {SCHEMA}.embedding_scale (
    table_name text NOT NULL,
    source text NOT NULL,
    metric text NOT NULL,
    scale double precision NOT NULL,
    PRIMARY KEY (table_name, source, metric)
);
-- In how many documents a word stands, of how many. Renewed together with the scales.
CREATE TABLE IF NOT EXISTS {SCHEMA}.embedding_word (
    table_name text NOT NULL,
    word text NOT NULL,
    documents int NOT NULL,
    total int NOT NULL,
    PRIMARY KEY (table_name, word)
);
