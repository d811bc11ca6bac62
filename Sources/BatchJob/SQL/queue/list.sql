-- The next keys of rows that wait, each with its shard, in their order. Pending rows come from the pending index alone.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 last key of the page before (NULL: from the start), $4 most
-- rows (NULL: all)
SELECT d.{ID} AS id, {SHARD} AS shard
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED} AND ($3::{KEY} IS NULL OR d.{ID} OPERATOR({KEY_SCHEMA}.>) $3::{KEY})
ORDER BY d.{ID}
LIMIT $4::int
