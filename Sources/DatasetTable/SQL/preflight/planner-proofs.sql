-- The planner looks for contradictions in conditions and not only in those of partitions.
SET LOCAL constraint_exclusion = on
