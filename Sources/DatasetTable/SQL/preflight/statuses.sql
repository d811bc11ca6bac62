-- Which statuses there are, as far as the planner's statistics and the first rows tell, and whether rows have the one that is
-- asked for. It is read from the index of pending rows only if neither knows of it.
-- $1 table, $2 status column
WITH known AS MATERIALIZED (
    SELECT x.value
    FROM pg_catalog.pg_stats s
    JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) s.schemaname
    JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
        AND c.relname OPERATOR(pg_catalog.=) s.tablename AND c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
    CROSS JOIN LATERAL pg_catalog.unnest(s.most_common_vals::pg_catalog.text::{STATUS_TYPE}[]) AS x(value)
    WHERE s.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text
    UNION
    SELECT d.status::{STATUS_TYPE} FROM (SELECT {STATUS} AS status FROM {TABLE} LIMIT 1000) d WHERE d.status IS NOT NULL
)
SELECT EXISTS (SELECT FROM {TABLE}) AS has_rows,
    CASE
        WHEN pg_catalog.bool_or(k.value OPERATOR({STATUS_SCHEMA}.=) {STATUS_VALUE}) THEN true
        ELSE EXISTS (SELECT FROM {TABLE} d WHERE {ELIGIBLE} AND d.{COLUMN} IS NULL)
    END AS is_known,
    -- A column of many values holds something else than a status.
    CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.<=) 20
        THEN coalesce(pg_catalog.string_agg(
            pg_catalog.left(k.value::pg_catalog.text, 60), ', ' ORDER BY k.value::pg_catalog.text), 'none')
        ELSE 'more than 20'
    END AS statuses
FROM known k
