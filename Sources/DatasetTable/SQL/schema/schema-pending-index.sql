-- Finds pending rows without reading the table; it is as small as what is pending.
CREATE INDEX{CONCURRENTLY} IF NOT EXISTS {PENDING_INDEX} ON {TABLE} ({ID})
    WHERE {PENDING};
