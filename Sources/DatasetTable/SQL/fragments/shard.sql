(pg_catalog.hashtextextended(d.{ID}::pg_catalog.text, 0) OPERATOR(pg_catalog.&) {LAST_SHARD})::int
