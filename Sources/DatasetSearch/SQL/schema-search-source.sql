-- Finds the rows of a source without reading all others, for searches in a few of many.
CREATE INDEX{CONCURRENTLY} IF NOT EXISTS {SOURCE_INDEX} ON {TABLE} ({SOURCE_COLUMN});
