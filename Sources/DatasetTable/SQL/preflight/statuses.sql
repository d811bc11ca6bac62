-- Which statuses there are, as far as the planner's statistics and the first rows tell, and whether rows have the one that is
-- asked for. It is read from the index of pending rows only if neither knows of it.
-- $1 table, $2 status column
WITH known AS MATERIALIZED (
    SELECT x.value
    FROM pg_stats s
    JOIN pg_namespace n ON n.nspname = s.schemaname
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename AND c.oid = $1::oid
    CROSS JOIN LATERAL pg_catalog.unnest(s.most_common_vals::text::{STATUS_TYPE}[]) AS x(value)
    WHERE s.attname = $2::text
    UNION
    SELECT d.status::{STATUS_TYPE} FROM (SELECT {STATUS} AS status FROM {TABLE} LIMIT 1000) d WHERE d.status IS NOT NULL
)
SELECT EXISTS (SELECT FROM {TABLE}) AS has_rows,
    CASE
        WHEN pg_catalog.bool_or(k.value = {STATUS_VALUE}) THEN true
        ELSE EXISTS (SELECT FROM {TABLE} d WHERE {ELIGIBLE} AND d.{COLUMN} IS NULL)
    END AS is_known,
    -- A column of many values holds something else than a status.
    CASE WHEN pg_catalog.count(*) <= 20
        THEN coalesce(pg_catalog.string_agg(pg_catalog.left(k.value::text, 60), ', ' ORDER BY k.value::text), 'none')
        ELSE 'more than 20'
    END AS statuses
FROM known k
