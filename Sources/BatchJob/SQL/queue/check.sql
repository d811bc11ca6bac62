-- After a lost connection: which rows of the batch carry its result, because the COMMIT whose answer never came succeeded.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 keys, $4 fingerprints
SELECT x.id
FROM ROWS FROM (pg_catalog.unnest($3::{KEY}[]), pg_catalog.unnest($4::pg_catalog.bytea[])) AS x(id, fingerprint)
{BY_KEY}
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{CHECK_STATE}
WHERE {SAME_COLUMN} AND d.{COLUMN} IS NOT NULL AND {SAME_TEXT}
