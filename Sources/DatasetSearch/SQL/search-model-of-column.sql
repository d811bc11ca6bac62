-- Which model the column holds, as a change of the model has noted it.
SELECT m.fingerprint
FROM {MODELS} m
WHERE m.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND m.column_name OPERATOR(pg_catalog.=) {COLUMN_LITERAL}
