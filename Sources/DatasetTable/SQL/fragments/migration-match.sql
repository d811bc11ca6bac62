SELECT e.dataset_id, e.{REST}, {TABLE_NAME} AS table_name, {IS_SAME} AS is_same
    FROM {SIDE_TABLE} e
    JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) e.dataset_id
    CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
    WHERE e.table_name OPERATOR(pg_catalog.=) '' AND {IS_COLUMN}
