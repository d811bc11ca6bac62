-- How far a column has come: eligible rows, those with a vector, those whose vector is of another text or model.
-- $1 model fingerprint, $2 the column's name in embedding_state
SELECT pg_catalog.count(*) AS eligible, pg_catalog.count(d.{COLUMN}) AS embedded,
    pg_catalog.count(*) FILTER (WHERE d.{COLUMN} IS NOT NULL
        AND (e.model_fingerprint OPERATOR(pg_catalog.<>) $1::pg_catalog.bytea
            OR e.source_fingerprint OPERATOR(pg_catalog.<>) {FINGERPRINT})) AS outdated
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
LEFT JOIN {STATE} e ON e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
    AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID} AND e.column_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
WHERE {ELIGIBLE}
