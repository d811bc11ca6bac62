-- Which of the datasets that a listing shows are to be asked for: those that are new, have changed, or still lack their text.
-- $1 source, $2 references, $3 the source's identifiers, $4 when they were last changed
SELECT x.n, coalesce(a.id, b.id) AS id
FROM ROWS FROM (
        pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[]),
        pg_catalog.unnest($4::pg_catalog.text[]))
    WITH ORDINALITY AS x(ref, upstream_id, updated, n)
LEFT JOIN LATERAL (
    SELECT f.dataset_id AS id
    FROM {FETCH} f
    WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.source OPERATOR(pg_catalog.=) $1::pg_catalog.text
        AND f.upstream_id OPERATOR(pg_catalog.=) x.upstream_id
) a ON true
LEFT JOIN LATERAL (
    SELECT d.{ID} AS id
    FROM {TABLE} d
    WHERE d.{ORIGIN} OPERATOR({ORIGIN_SCHEMA}.=) $1::pg_catalog.text::{ORIGIN_TYPE}
        AND d.{SOURCE_REF} OPERATOR({REF_SCHEMA}.=) x.ref::{REF_TYPE}
) b ON true
LEFT JOIN {TABLE} t ON t.{ID} OPERATOR({KEY_SCHEMA}.=) coalesce(a.id, b.id)
LEFT JOIN {FETCH} f ON f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) t.{ID}
WHERE t.{ID} IS NULL
    OR t.source_updated_at OPERATOR(pg_catalog.<) x.updated::pg_catalog.timestamptz
    OR f.next_attempt_at OPERATOR(pg_catalog.<=) pg_catalog.now()
    OR (t.{STATUS}::pg_catalog.text OPERATOR(pg_catalog.=) ANY ('{pending,failed}') AND f.next_attempt_at IS NULL
        AND t.{ACTIVE})
    -- What has no date is asked for daily at most.
    OR (t.source_updated_at IS NULL AND coalesce(f.last_enriched_at OPERATOR(pg_catalog.<)
        (pg_catalog.now() OPERATOR(pg_catalog.-) interval '1 day'), f.next_attempt_at IS NULL))
