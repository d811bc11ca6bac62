-- The next keys of rows that wait, each with its shard, in their order. Pending rows come from the pending index alone.
-- Those that the ledger holds back are told, so that none is read: each page is looked up there by its keys, after LIMIT has
-- cut it off, whatever the planner thinks of the ledger's size.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 last key of the page before (NULL: from the start), $4 most
-- rows (NULL: all)
WITH page AS MATERIALIZED (
    SELECT d.{ID} AS id, {SHARD} AS shard
    FROM {TABLE} d
    CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
    {JOIN}
    WHERE {ELIGIBLE} AND {SELECTED} AND ($3::{KEY} IS NULL OR d.{ID} OPERATOR({KEY_SCHEMA}.>) $3::{KEY})
    ORDER BY d.{ID}
    LIMIT $4::int
)
SELECT page.id, page.shard, {IS_HELD} AS is_held
FROM page
{JOIN_HELD}
ORDER BY page.id
