-- Tells rows that are of no table yet of which they are: of the one whose row still has the text that was hashed or, if
-- that may count, of the only one that has such a key and column. Returns how many each table was given.
-- $1 whether a key and column that only one table has are enough
WITH found AS (
    {MATCHES}
),
-- A smallest and a largest name that are equal are the only one.
owners AS (
    SELECT o.dataset_id, o.{REST},
        CASE
            WHEN pg_catalog.min(o.table_name) FILTER (WHERE o.is_same)
                    OPERATOR(pg_catalog.=) pg_catalog.max(o.table_name) FILTER (WHERE o.is_same)
                THEN pg_catalog.min(o.table_name) FILTER (WHERE o.is_same)
            WHEN $1::boolean AND pg_catalog.min(o.table_name) OPERATOR(pg_catalog.=) pg_catalog.max(o.table_name)
                THEN pg_catalog.min(o.table_name)
        END AS table_name
    FROM found o
    GROUP BY 1, 2
),
assigned AS (
    UPDATE {SIDE_TABLE} e
    SET table_name = o.table_name
    FROM owners o
    WHERE e.table_name OPERATOR(pg_catalog.=) '' AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) o.dataset_id
        AND e.{REST} OPERATOR(pg_catalog.=) o.{REST} AND o.table_name IS NOT NULL
        -- A run may have written a newer one meanwhile.
        AND NOT EXISTS (
            SELECT FROM {SIDE_TABLE} x
            WHERE x.table_name OPERATOR(pg_catalog.=) o.table_name
                AND x.dataset_id OPERATOR({KEY_SCHEMA}.=) o.dataset_id AND x.{REST} OPERATOR(pg_catalog.=) o.{REST})
    RETURNING e.table_name
)
SELECT a.table_name, pg_catalog.count(*) AS rows FROM assigned a GROUP BY 1 ORDER BY 1
