-- Eligible rows that the ledger holds back.
-- $1 model fingerprint (NULL: any model), $2 the column's name in embedding_state
SELECT count(DISTINCT f.dataset_id) AS rows
FROM {LEDGER} f
JOIN {TABLE} d ON d.{ID} = f.dataset_id
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE f.table_name = {TABLE_NAME} AND {ELIGIBLE} AND {SELECTED}
    AND ($1::bytea IS NULL OR f.model_fingerprint = $1::bytea) AND f.next_attempt_at > now()
    AND f.source_fingerprint = {FINGERPRINT}
