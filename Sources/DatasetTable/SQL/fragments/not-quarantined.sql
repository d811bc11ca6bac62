AND NOT EXISTS (
        SELECT FROM {LEDGER} f
        WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID}
            AND f.model_fingerprint OPERATOR(pg_catalog.=) $1::pg_catalog.bytea
            AND {HELD_BACK})
