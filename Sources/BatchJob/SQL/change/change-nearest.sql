-- The distances of the nearest neighbors, found as change-with-index.sql or change-without-index.sql has set before.
-- $1 vector to search for, $2 how many
SELECT ({INDEX_KEY} {OPERATOR} $1::{VECTOR}::{KEY_TYPE})::pg_catalog.float8 AS distance
FROM {TABLE}
WHERE {COLUMN} IS NOT NULL{AND_PREDICATE}
ORDER BY {INDEX_KEY} {OPERATOR} $1::{VECTOR}::{KEY_TYPE}
LIMIT $2::int
