-- With statistics, since nothing is known yet of the new column.
ALTER TABLE {SIDE_TABLE} ALTER COLUMN table_name DROP DEFAULT, ADD PRIMARY KEY (table_name, dataset_id, {REST});
ANALYZE {SIDE_TABLE};
