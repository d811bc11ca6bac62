-- Rows of a side table of which nobody knows what table they are about.
SELECT pg_catalog.count(*) AS rows FROM {SIDE_TABLE} WHERE table_name OPERATOR(pg_catalog.=) ''
