-- Gives rows of before, which have no reference, the one that their address tells; of several with the same, the first. Rows whose
-- source says something else are left as they are. One page of the table, in the order of the keys.
-- $1 source, $2 what it was called before, $3 pattern of its addresses, whose first group is the reference, $4 the last key
-- before (NULL: none), $5 rows of a page
WITH page AS MATERIALIZED (
    SELECT d.{ID} AS id, d.{SOURCE_REF} IS NULL AS is_open,
        CASE
            WHEN d.{SOURCE_REF} IS NULL AND (d.{ORIGIN} IS NULL
                OR pg_catalog.lower(d.{ORIGIN}::pg_catalog.text) OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.text[]))
                THEN substring(d.source_url::pg_catalog.text FROM $3::pg_catalog.text)
        END AS ref
    FROM {TABLE} d
    WHERE $4::{KEY} IS NULL OR d.{ID} OPERATOR({KEY_SCHEMA}.>) $4::{KEY}
    ORDER BY d.{ID}
    LIMIT $5::int
),
first AS (
    SELECT DISTINCT ON (p.ref) p.id, p.ref
    FROM page p
    WHERE p.ref IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM {FETCH} f
            WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) p.id
                AND f.error_code OPERATOR(pg_catalog.=) 'duplicate')
        AND NOT EXISTS (
            SELECT FROM {TABLE} o
            WHERE o.{ORIGIN} OPERATOR({ORIGIN_SCHEMA}.=) $1::pg_catalog.text::{ORIGIN_TYPE}
                AND o.{SOURCE_REF} OPERATOR({REF_SCHEMA}.=) p.ref::{REF_TYPE})
    ORDER BY p.ref, p.id
),
adopted AS (
    UPDATE {TABLE} d SET {SOURCE_REF} = f.ref::{REF_TYPE}, {ORIGIN} = $1::pg_catalog.text::{ORIGIN_TYPE}
    FROM first f
    WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) f.id AND d.{SOURCE_REF} IS NULL
    RETURNING d.{ID} AS id
)
SELECT (SELECT p.id FROM page p ORDER BY p.id DESC LIMIT 1) AS last,
    (SELECT pg_catalog.count(*) FROM adopted) AS adopted,
    (SELECT pg_catalog.count(*) FROM page p WHERE p.is_open) AS open
