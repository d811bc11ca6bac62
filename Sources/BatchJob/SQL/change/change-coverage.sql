-- How far a column has come: eligible rows, those with a vector, those whose vector is of another text or model.
-- $1 model fingerprint, $2 the column's name in embedding_state
SELECT count(*) AS eligible, count(d.{COLUMN}) AS embedded,
    count(*) FILTER (WHERE d.{COLUMN} IS NOT NULL
        AND (e.model_fingerprint <> $1::bytea OR e.source_fingerprint <> {FINGERPRINT})) AS outdated
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
LEFT JOIN {STATE} e ON e.table_name = {TABLE_NAME} AND e.dataset_id = d.{ID} AND e.column_name = $2::text
WHERE {ELIGIBLE}
