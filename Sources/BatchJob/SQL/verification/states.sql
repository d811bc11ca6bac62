-- What the stored vectors of eligible rows were made from. One scan.
-- $1 model fingerprint, $2 the column's name in embedding_state
SELECT CASE
        WHEN e.dataset_id IS NULL THEN 'unknown'
        WHEN e.model_fingerprint OPERATOR(pg_catalog.<>) $1::pg_catalog.bytea THEN 'foreign'
        WHEN e.source_fingerprint OPERATOR(pg_catalog.<>) {FINGERPRINT} THEN 'stale'
        ELSE 'current'
    END AS state, pg_catalog.count(*) AS rows
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED}
GROUP BY 1
