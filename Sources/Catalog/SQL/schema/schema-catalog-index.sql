-- A dataset has one row, whatever fetches it; the reference is compared exactly.
CREATE UNIQUE INDEX{CONCURRENTLY} IF NOT EXISTS {SOURCE_INDEX} ON {TABLE} ({ORIGIN}, {SOURCE_REF});
