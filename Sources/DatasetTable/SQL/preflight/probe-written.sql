-- What is done to vectors that are written, and to the table that they are written to.
-- $1 vectors
WITH written AS (
    UPDATE {TABLE} d SET {COLUMN} = x.embedding FROM pg_catalog.unnest($1::{COLUMN_TYPE}[]) AS x(embedding) RETURNING 1
)
SELECT FROM written
