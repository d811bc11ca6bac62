-- The scales of the metrics, all anew.
WITH renewed AS MATERIALIZED (
    SELECT coalesce(x.source, '') AS source, x.metric,
        pg_catalog.percentile_cont(0.99) WITHIN GROUP (ORDER BY x.value) AS scale
    FROM (
        SELECT {SOURCE_VALUE} AS source, m.metric, m.value
        FROM {TABLE} d
        CROSS JOIN LATERAL ({METRICS}) AS m(metric, weight, value)
        WHERE d.{ACTIVE} AND m.value OPERATOR(pg_catalog.<) 'Infinity'::pg_catalog.float8
    ) x
    GROUP BY GROUPING SETS ((x.source, x.metric), (x.metric))
    -- A source of few rows is measured by those of all; rows of no source are, too.
    HAVING GROUPING(x.source) OPERATOR(pg_catalog.=) 1
        OR pg_catalog.count(*) OPERATOR(pg_catalog.>=) 200 AND x.source OPERATOR(pg_catalog.<>) ''
),
outdated AS (
    DELETE FROM {SCALE} s WHERE s.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
        AND NOT EXISTS (SELECT FROM renewed r WHERE r.source OPERATOR(pg_catalog.=) s.source
            AND r.metric OPERATOR(pg_catalog.=) s.metric)
)
INSERT INTO {SCALE} AS s (table_name, source, metric, scale)
SELECT {TABLE_NAME}, r.source, r.metric, r.scale FROM renewed r
ON CONFLICT (table_name, source, metric) DO UPDATE SET scale = excluded.scale
