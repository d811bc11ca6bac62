-- All vectors of the column: what the share of overwritten ones is measured against.
SELECT count(*) AS rows FROM {TABLE} d WHERE d.{COLUMN} IS NOT NULL
