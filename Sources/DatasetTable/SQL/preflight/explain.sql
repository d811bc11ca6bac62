-- Has the server look up every name, type and privilege of a statement and plan it, without running any of it: no row is
-- read, no trigger fires, and a transaction that is read-only has no objection.
EXPLAIN (COSTS OFF)
