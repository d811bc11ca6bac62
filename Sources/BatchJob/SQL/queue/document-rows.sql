-- Writes the documents of rows whose text is still the one that their vector was made from, under the same lock as write.sql,
-- so that of two writers the later one has the later text.
-- $1 the column's name in embedding_state, $2 keys
WITH current AS MATERIALIZED (
    SELECT u.*
    FROM pg_catalog.unnest($2::{KEY}[]) AS x(id)
    CROSS JOIN LATERAL (
        SELECT d.{ID} AS id, e.source_fingerprint{AND_DOCUMENT}
        FROM {TABLE} d
        CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
        JOIN {STATE} e ON e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
            AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID}
            AND e.column_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
        WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) x.id AND {SAME_COLUMN} AND {READY}
            AND CASE WHEN d.{ID} OPERATOR({KEY_SCHEMA}.=) x.id
                THEN {FINGERPRINT} OPERATOR(pg_catalog.=) e.source_fingerprint END
        FOR NO KEY UPDATE OF d SKIP LOCKED
    ) u
)
INSERT INTO {DOCUMENT} AS e (table_name, dataset_id, source_fingerprint, extras_hash, document)
SELECT {TABLE_NAME}, id, source_fingerprint, extras_hash, document FROM current
ON CONFLICT (table_name, dataset_id) DO UPDATE
SET source_fingerprint = excluded.source_fingerprint, extras_hash = excluded.extras_hash, document = excluded.document
RETURNING e.dataset_id AS id
