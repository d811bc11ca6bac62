-- How many rows wait.
-- $1 model fingerprint, $2 the column's name in embedding_state
SELECT pg_catalog.count(*) AS rows
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED}
