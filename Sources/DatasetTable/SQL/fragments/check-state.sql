JOIN {STATE} e ON e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID}
    AND e.column_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
    AND e.source_fingerprint OPERATOR(pg_catalog.=) x.fingerprint
    AND e.model_fingerprint OPERATOR(pg_catalog.=) $1::pg_catalog.bytea
