-- The one statement that correctness rests on. It writes a row only if the row is still eligible, still without a vector
-- and its input still hashes to what was encoded; it never waits for anybody's row lock and can be repeated at will.
-- It writes nothing if the column's name has come to mean another column, into which this model's vectors may not go.
-- FOR NO KEY UPDATE leaves rows usable for foreign-key checks; MATERIALIZED keeps the planner from running the locking
-- part twice.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 keys, $4 fingerprints, $5 vectors, $6 token counts,
-- $7 truncated, $8 counts of lost tokens
WITH encoded AS MATERIALIZED (
    SELECT * FROM unnest($3::{KEY}[], $4::bytea[], $5::{COLUMN_TYPE}[], $6::int[], $7::boolean[], $8::int[])
        AS x(id, fingerprint, embedding, tokens, truncated, tokens_lost)
),
unchanged AS MATERIALIZED (
    SELECT d.{ID} AS id, x.embedding
    FROM encoded x
    JOIN {TABLE} d ON d.{ID} = x.id
    CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
    {JOIN}
    WHERE {SAME_COLUMN} AND {ELIGIBLE} AND {SELECTED} AND {FINGERPRINT} = x.fingerprint
    FOR NO KEY UPDATE OF d SKIP LOCKED
),
written AS (
    UPDATE {TABLE} d
    SET {COLUMN} = unchanged.embedding
    FROM unchanged
    WHERE d.{ID} = unchanged.id
    RETURNING d.{ID} AS id
){NOTE_STATE}{CLEAR_LEDGER}
SELECT id FROM written
