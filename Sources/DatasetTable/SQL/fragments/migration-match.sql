SELECT e.dataset_id, e.{REST}, {TABLE_NAME} AS table_name, {IS_SAME} AS is_same
    FROM {SIDE_TABLE} e
    JOIN {TABLE} d ON d.{ID} = e.dataset_id
    CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
    WHERE e.table_name = '' AND {IS_COLUMN}
