-- The one statement that correctness rests on. It writes a row only if the row is still eligible, still without a vector
-- and its input still hashes to what was encoded; it never waits for anybody's row lock and can be repeated at will.
-- FOR NO KEY UPDATE leaves rows usable for foreign-key checks; MATERIALIZED keeps the planner from running the locking
-- part twice.
-- $1 keys, $2 fingerprints, $3 vectors
WITH encoded AS MATERIALIZED (
    SELECT * FROM unnest($1::{KEY}[], $2::bytea[], $3::{VECTOR}[]) AS x(id, fingerprint, embedding)
),
unchanged AS MATERIALIZED (
    SELECT d.{ID} AS id, x.embedding
    FROM encoded x
    JOIN {TABLE} d ON d.{ID} = x.id
    CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
    WHERE {ELIGIBLE} AND {TODO} AND {FINGERPRINT} = x.fingerprint
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE {TABLE} d
SET {COLUMN} = unchanged.embedding
FROM unchanged
WHERE d.{ID} = unchanged.id
RETURNING d.{ID} AS id
