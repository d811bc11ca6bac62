-- Eligible rows that the ledger holds back.
-- $1 model fingerprint (NULL: any model), $2 the column's name in embedding_state
SELECT pg_catalog.count(DISTINCT f.dataset_id) AS rows
FROM {LEDGER} f
JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) f.dataset_id
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND {ELIGIBLE} AND {SELECTED}
    AND ($1::pg_catalog.bytea IS NULL OR f.model_fingerprint OPERATOR(pg_catalog.=) $1::pg_catalog.bytea)
    AND {HELD_BACK}
