-- Nearest neighbors by cosine distance, `ORDER BY {COLUMN} <=> $1`. Build it after the first drain.
CREATE INDEX{CONCURRENTLY} IF NOT EXISTS {HNSW_INDEX}
    ON {TABLE} USING hnsw ({COLUMN} {VECTOR_SCHEMA}{STORAGE}_cosine_ops);
