-- Rows whose vector came from another text, another model or, if asked for, an unknown source. One scan of the table.
-- $1 model fingerprint, $2 the column's name in embedding_state
SELECT d.{ID} AS id, {SHARD} AS shard
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED}
ORDER BY d.{ID}
