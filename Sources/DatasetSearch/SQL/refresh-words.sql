-- In how many of a sample of documents each word stands, all anew. One that stands in none of them counts as the rarest.
WITH renewed AS MATERIALIZED (
    SELECT t.word, t.ndoc AS documents
    FROM pg_catalog.ts_stat({SAMPLE_LITERAL}) t
),
outdated AS (
    DELETE FROM {WORD} w WHERE w.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
        AND NOT EXISTS (SELECT FROM renewed r WHERE r.word OPERATOR(pg_catalog.=) w.word)
)
INSERT INTO {WORD} AS w (table_name, word, documents, total)
SELECT {TABLE_NAME}, r.word, r.documents, total.documents
FROM renewed r
CROSS JOIN (SELECT pg_catalog.count(*)::int AS documents FROM ({SAMPLE}) s) total
ON CONFLICT (table_name, word) DO UPDATE SET documents = excluded.documents, total = excluded.total
