-- All vectors of the column: what the share of overwritten ones is measured against.
SELECT pg_catalog.count(*) AS rows FROM {TABLE} d WHERE d.{COLUMN} IS NOT NULL
