-- Forgets what the vectors of a column were made from, a page in the order of the keys; returns the last key.
-- $1 the column's name in embedding_state, $2 last key of the page before (NULL: from the start)
WITH page AS MATERIALIZED (
    SELECT e.dataset_id
    FROM {STATE} e
    WHERE {SAME_TABLE}
        AND e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND e.column_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
        AND ($2::{KEY} IS NULL OR e.dataset_id OPERATOR({KEY_SCHEMA}.>) $2::{KEY})
    ORDER BY e.dataset_id
    LIMIT 10000
),
gone AS (
    DELETE FROM {STATE} e USING page
    WHERE e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) page.dataset_id
        AND e.column_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
)
SELECT page.dataset_id AS id, (SELECT pg_catalog.count(*) FROM page) AS rows
    FROM page ORDER BY page.dataset_id DESC LIMIT 1
