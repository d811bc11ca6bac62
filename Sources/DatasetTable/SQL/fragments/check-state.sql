JOIN {STATE} e ON e.table_name = {TABLE_NAME} AND e.dataset_id = d.{ID} AND e.column_name = $2::text
    AND e.source_fingerprint = x.fingerprint AND e.model_fingerprint = $1::bytea
