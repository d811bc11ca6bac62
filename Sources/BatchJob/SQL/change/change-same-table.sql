-- Whether the table is still the one that was looked up, or another that has taken its name.
SELECT {SAME_TABLE} AS is_same
