-- How many rows wait in each of the 64 virtual shards.
-- $1 model fingerprint, $2 the column's name in embedding_state
SELECT {SHARD} AS shard, count(*) AS pending
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED}
GROUP BY 1
