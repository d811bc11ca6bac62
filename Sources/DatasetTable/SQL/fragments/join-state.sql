LEFT JOIN {STATE} e ON e.dataset_id = d.{ID} AND e.column_name = $2::text
