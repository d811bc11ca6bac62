-- The rows that records are about, by the source's own identifier or else by reference, and what they would change.
-- other is the row that has the reference, where the identifier is known of another one.
-- $1 whether the source is a better one than what is stored, $2 whether vectors stay, $3 source, $4 and further: the records
WITH x AS MATERIALIZED (SELECT * FROM {INPUT}),
known AS MATERIALIZED (
    SELECT x.n, coalesce(a.id, b.id) AS id, a.id IS NOT NULL AS is_identified,
        CASE WHEN a.id OPERATOR({KEY_SCHEMA}.<>) b.id THEN b.id END AS other
    FROM x
    LEFT JOIN LATERAL (
        SELECT d.{ID} AS id
        FROM {FETCH} f JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) f.dataset_id
        WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.source OPERATOR(pg_catalog.=) $3::pg_catalog.text
            AND f.upstream_id OPERATOR(pg_catalog.=) x.upstream_id
    ) a ON true
    LEFT JOIN LATERAL (
        SELECT d.{ID} AS id
        FROM {TABLE} d
        WHERE d.{ORIGIN} OPERATOR({ORIGIN_SCHEMA}.=) $3::pg_catalog.text::{ORIGIN_TYPE}
            AND d.{SOURCE_REF} OPERATOR({REF_SCHEMA}.=) x.ref::{REF_TYPE}
    ) b ON true
)
SELECT k.n, k.id, k.is_identified, CASE WHEN {IS_NEWER} THEN k.other END AS other,
    -- A row with an identifier of its own is another dataset, which was called so before.
    NOT EXISTS (
        SELECT FROM {FETCH} o
        WHERE o.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND o.dataset_id OPERATOR({KEY_SCHEMA}.=) k.other
            AND o.upstream_id IS NOT NULL) AS is_twin,
    NOT ROW({PRESENT_VALUES})::pg_catalog.record OPERATOR(pg_catalog.*=) ROW({NEW_VALUES})::pg_catalog.record
        OR {JUMPS} AS changes,
    NOT ROW({PRESENT_TEXT})::pg_catalog.record OPERATOR(pg_catalog.*=) ROW({TEXT_OF_V})::pg_catalog.record AS changes_text,
    coalesce(x.updated::pg_catalog.timestamptz OPERATOR(pg_catalog.=) t.source_updated_at, false)
        AS is_unmodified,
    {WAS_GONE} AS was_gone, t.{ACTIVE} AS was_active, {IS_NEWER} AS is_newer,
    f.dataset_id IS NULL
        OR coalesce(x.upstream_id OPERATOR(pg_catalog.<>) f.upstream_id, x.upstream_id IS NOT NULL AND f.upstream_id IS NULL)
        OR f.missing_since IS NOT NULL
        OR (f.next_attempt_at IS NOT NULL AND (x.is_final OR coalesce(x.description OPERATOR(pg_catalog.<>) '', false)))
        OR (x.is_active AND coalesce(f.error_code OPERATOR(pg_catalog.=) 'gone', false) AND {IS_NEWER})
        AS needs_note
FROM known k
JOIN x ON x.n OPERATOR(pg_catalog.=) k.n
JOIN {TABLE} t ON t.{ID} OPERATOR({KEY_SCHEMA}.=) k.id
LEFT JOIN {FETCH} f ON f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) k.id
CROSS JOIN LATERAL ({VALUES}) v
