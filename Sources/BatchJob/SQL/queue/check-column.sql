-- Whether table and vector column are still those that the preflight saw, or others that have taken their names.
SELECT {SAME_COLUMN} AS is_same
