-- Whether the vector column is still the one that the preflight saw, or another that has taken its name.
SELECT {SAME_COLUMN} AS is_same
