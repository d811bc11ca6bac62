,
cleared AS (
    DELETE FROM {LEDGER} f USING written
    WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) written.id
        AND f.model_fingerprint OPERATOR(pg_catalog.=) $1::pg_catalog.bytea
)
