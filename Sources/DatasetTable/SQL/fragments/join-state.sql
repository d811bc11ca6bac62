LEFT JOIN {STATE} e ON e.table_name = {TABLE_NAME} AND e.dataset_id = d.{ID} AND e.column_name = $2::text
