-- The one statement that correctness rests on. It writes a row only if the row is still eligible, still without a vector
-- and its input still hashes to what was encoded; it never waits for anybody's row lock and can be repeated at will.
-- It writes nothing if the name of table or column has come to mean another, into which this model's vectors may not go.
-- FOR NO KEY UPDATE leaves rows usable for foreign-key checks; MATERIALIZED keeps the planner from running the locking
-- part twice.
-- It returns the rows whose lock it got. Their code is NULL if the vector is stored. Otherwise a trigger has had another
-- will: SUPPRESSED, no update took place; UNDONE, the row was updated and holds no vector, or its former one. A vector that
-- a trigger has altered counts as stored. *= compares bit by bit and needs no operator of pgvector, which may be
-- anywhere; the casts are for columns that are domains.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 keys, $4 fingerprints, $5 vectors, $6 token counts,
-- $7 truncated, $8 counts of lost tokens
WITH encoded AS MATERIALIZED (
    SELECT * FROM ROWS FROM (
        pg_catalog.unnest($3::{KEY}[]), pg_catalog.unnest($4::pg_catalog.bytea[]),
        pg_catalog.unnest($5::{COLUMN_TYPE}[]), pg_catalog.unnest($6::int[]), pg_catalog.unnest($7::boolean[]),
        pg_catalog.unnest($8::int[]))
        AS x(id, fingerprint, embedding, tokens, truncated, tokens_lost)
),
unchanged AS MATERIALIZED (
    SELECT x.embedding, u.*
    FROM encoded x
    CROSS JOIN LATERAL (
        SELECT d.{ID} AS id, d.{COLUMN}::{COLUMN_TYPE} AS former{AND_DOCUMENT}
        FROM {TABLE} d
        CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
        {JOIN}
        WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) x.id AND {SAME_COLUMN} AND {ELIGIBLE} AND {SELECTED} AND {SAME_TEXT}
        FOR NO KEY UPDATE OF d SKIP LOCKED
    ) u
),
updated AS (
    UPDATE {TABLE} d
    SET {COLUMN} = unchanged.embedding
    FROM unchanged
    WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) unchanged.id
    RETURNING d.{ID} AS id,
        CASE
            WHEN ROW(d.{COLUMN}::{COLUMN_TYPE})::pg_catalog.record
                OPERATOR(pg_catalog.*=) ROW(unchanged.embedding)::pg_catalog.record THEN NULL
            WHEN d.{COLUMN} IS NULL
                OR ROW(d.{COLUMN}::{COLUMN_TYPE})::pg_catalog.record
                    OPERATOR(pg_catalog.*=) ROW(unchanged.former)::pg_catalog.record THEN 'UNDONE'
        END AS code
),
outcome AS (
    SELECT unchanged.id,
        CASE
            WHEN updated.id IS NOT NULL THEN updated.code
            -- Otherwise the row holds the vector already, and a trigger spared it an update that changes nothing.
            WHEN NOT ROW(unchanged.former)::pg_catalog.record
                OPERATOR(pg_catalog.*=) ROW(unchanged.embedding)::pg_catalog.record THEN 'SUPPRESSED'
        END AS code
    FROM unchanged
    LEFT JOIN updated ON updated.id OPERATOR({KEY_SCHEMA}.=) unchanged.id
),
written AS (
    SELECT id FROM outcome WHERE code IS NULL
){NOTE_STATE}{NOTE_DOCUMENT}{CLEAR_LEDGER}
SELECT id, code FROM outcome
