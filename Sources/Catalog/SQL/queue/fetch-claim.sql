-- Takes due rows, those that are asked for most first, by moving the time when they are due a quarter of an hour ahead: a run
-- that is killed strands none, and two runs do not take the same.
-- $1 source, $2 most of them
WITH due AS MATERIALIZED (
    SELECT f.dataset_id AS id, d.{SOURCE_REF}::pg_catalog.text AS ref, d.download_count AS downloads
    FROM {FETCH} f
    JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) f.dataset_id
    WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.source OPERATOR(pg_catalog.=) $1::pg_catalog.text
        AND f.next_attempt_at OPERATOR(pg_catalog.<=) pg_catalog.now()
        AND d.{ACTIVE} AND d.{SOURCE_REF} IS NOT NULL
    ORDER BY d.download_count DESC NULLS LAST, d.{ID}
    LIMIT $2::int
    FOR NO KEY UPDATE OF f SKIP LOCKED
),
claimed AS (
    UPDATE {FETCH} f SET next_attempt_at = pg_catalog.now() OPERATOR(pg_catalog.+) interval '15 minutes'
    FROM due
    WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) due.id
    RETURNING f.dataset_id AS id
)
SELECT due.id, due.ref
FROM due JOIN claimed ON claimed.id OPERATOR({KEY_SCHEMA}.=) due.id
ORDER BY due.downloads DESC NULLS LAST, due.id
