LEFT JOIN {STATE} e ON e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
    AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID} AND e.column_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
