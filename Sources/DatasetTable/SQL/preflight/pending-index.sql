-- Rows that wait and that an index lacks, and rows of the index that have a vector. By its plan the planner says whether it can
-- prove that there are none: then the index is the one of pending rows, however its condition is written.
SELECT FROM {TABLE}
WHERE {STATUS} OPERATOR({STATUS_SCHEMA}.=) {STATUS_VALUE} AND {ACTIVE} AND {COLUMN} IS NULL AND NOT ({PREDICATE})
UNION ALL
SELECT FROM {TABLE} WHERE ({PREDICATE}) AND {COLUMN} IS NOT NULL
