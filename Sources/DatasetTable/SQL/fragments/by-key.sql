-- A row by its key, whatever the planner thinks of the table: without statistics it takes one row to wait and reads the whole
-- index of pending rows for each batch. OFFSET keeps it from turning this into a join.
CROSS JOIN LATERAL (SELECT {COLUMNS} FROM {TABLE} d WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) x.id OFFSET 0) d
