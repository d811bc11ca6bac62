-- The words of each row that has a vector, written together with it: with them a search finds what vectors do not. Optional;
-- several tables can share it.
CREATE TABLE IF NOT EXISTS {SCHEMA}embedding_document (
    table_name text NOT NULL,
    dataset_id {KEY} NOT NULL,
    source_fingerprint bytea NOT NULL,
    extras_hash bigint NOT NULL,
    document tsvector NOT NULL,
    PRIMARY KEY (table_name, dataset_id)
);
-- Without a list of pending entries, which searches would have to read from end to end.
CREATE INDEX IF NOT EXISTS embedding_document_words ON {SCHEMA}embedding_document USING gin (document)
    WITH (fastupdate = off);
