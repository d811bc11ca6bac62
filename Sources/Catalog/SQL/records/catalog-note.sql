-- Notes that rows were seen, whether they have all their text now, and why they are out of service.
-- $1 source, $2 keys, $3 the source's identifiers, $4 whether all is known, $5 error codes,
-- $6 whether those stay that are noted already
WITH x AS MATERIALIZED (
    SELECT * FROM ROWS FROM (
        pg_catalog.unnest($2::{KEY}[]), pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::boolean[]),
        pg_catalog.unnest($5::pg_catalog.text[]))
        AS x(id, upstream_id, is_done, code)
)
INSERT INTO {FETCH} AS f
    (table_name, dataset_id, source, upstream_id, last_enriched_at, next_attempt_at, error_code)
SELECT {TABLE_NAME}, x.id, $1::pg_catalog.text, x.upstream_id, CASE WHEN x.is_done THEN pg_catalog.now() END,
    CASE WHEN NOT x.is_done THEN pg_catalog.now() END,
    x.code
FROM x
ORDER BY x.id
ON CONFLICT (table_name, dataset_id) DO UPDATE SET
    upstream_id = coalesce(excluded.upstream_id, f.upstream_id),
    last_seen_at = pg_catalog.now(),
    last_enriched_at = coalesce(excluded.last_enriched_at, f.last_enriched_at),
    attempts = CASE WHEN excluded.last_enriched_at IS NULL THEN f.attempts ELSE 0 END,
    next_attempt_at = CASE WHEN excluded.last_enriched_at IS NULL THEN f.next_attempt_at END,
    missing_since = NULL,
    error_code = CASE WHEN $6::boolean THEN f.error_code ELSE excluded.error_code END
