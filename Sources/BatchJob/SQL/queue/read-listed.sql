-- The rows of a list that still qualify.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 keys
SELECT d.{ID} AS id, d.{ID}::text AS label, {SHARD} AS shard, s.source, {FINGERPRINT} AS fingerprint, {CUT} AS cut
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED} AND d.{ID} = ANY($3::{KEY}[]) {NOT_QUARANTINED}
ORDER BY d.{ID}
