-- Rows of a list with the vectors stored for them; the cast makes halfvec arrive as vector does.
-- $1 keys
SELECT d.{ID} AS id, d.{ID}::pg_catalog.text AS label, {SHARD} AS shard, s.source, {FINGERPRINT} AS fingerprint,
    {CUT} AS cut,
    d.{COLUMN}::{VECTOR} AS vector
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
WHERE {ELIGIBLE} AND {SELECTED} AND d.{ID} OPERATOR({KEY_SCHEMA}.=) ANY ($1::{KEY}[])
ORDER BY d.{ID}
