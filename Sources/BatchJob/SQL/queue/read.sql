-- The rows of a list that still qualify, in the order of the list.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 keys, $4 most rows (NULL: all)
SELECT d.{ID} AS id, d.{ID}::pg_catalog.text AS label, {SHARD} AS shard, s.source, {FINGERPRINT} AS fingerprint,
    {CUT} AS cut,
    x.place::int AS place
FROM pg_catalog.unnest($3::{KEY}[]) WITH ORDINALITY AS x(id, place)
{BY_KEY}
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED} {NOT_QUARANTINED}
ORDER BY x.place
LIMIT $4::int
