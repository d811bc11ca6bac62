-- After COMMIT: which of the rows that took their vector have none any more, though their text is the same. A trigger that
-- fires after the write, perhaps only at the COMMIT, has taken it away, or somebody else was that fast. None of them if the
-- column's name has come to mean another column meanwhile.
-- $1 keys, $2 fingerprints
SELECT x.id
FROM ROWS FROM (pg_catalog.unnest($1::{KEY}[]), pg_catalog.unnest($2::pg_catalog.bytea[])) AS x(id, fingerprint)
{BY_KEY}
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
WHERE {SAME_COLUMN} AND d.{COLUMN} IS NULL AND {ELIGIBLE} AND {SAME_TEXT}
