-- Tells whether what a document holds besides title and description has changed.
pg_catalog.hashtextextended(({TAGS_TEXT} OPERATOR(pg_catalog.||) E'\n' OPERATOR(pg_catalog.||) {ORIGIN_TEXT})
    COLLATE pg_catalog."C", 0)
