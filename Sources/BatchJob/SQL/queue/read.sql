-- The next rows of the claimed shards, each shard in key order from where it was left.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 shards, $4 last key seen in each (NULL: from the
-- start), $5 most rows
SELECT r.id, r.label, r.shard, r.source, r.fingerprint, r.cut
FROM unnest($3::int[], $4::{KEY}[]) AS c(shard, after)
CROSS JOIN LATERAL (
    SELECT d.{ID} AS id, d.{ID}::text AS label, c.shard, s.source, {FINGERPRINT} AS fingerprint, {CUT} AS cut
    FROM {TABLE} d
    CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
    {JOIN}
    WHERE {ELIGIBLE} AND {SELECTED} AND {SHARD} = c.shard AND (c.after IS NULL OR d.{ID} > c.after) {NOT_QUARANTINED}
    ORDER BY d.{ID}
    LIMIT $5::int
) r
LIMIT $5::int
