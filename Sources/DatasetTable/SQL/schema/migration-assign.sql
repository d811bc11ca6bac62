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
            WHEN min(o.table_name) FILTER (WHERE o.is_same) = max(o.table_name) FILTER (WHERE o.is_same)
                THEN min(o.table_name) FILTER (WHERE o.is_same)
            WHEN $1::boolean AND min(o.table_name) = max(o.table_name) THEN min(o.table_name)
        END AS table_name
    FROM found o
    GROUP BY 1, 2
),
assigned AS (
    UPDATE {SIDE_TABLE} e
    SET table_name = o.table_name
    FROM owners o
    WHERE e.table_name = '' AND e.dataset_id = o.dataset_id AND e.{REST} = o.{REST} AND o.table_name IS NOT NULL
        -- A run may have written a newer one meanwhile.
        AND NOT EXISTS (
            SELECT FROM {SIDE_TABLE} x
            WHERE x.table_name = o.table_name AND x.dataset_id = o.dataset_id AND x.{REST} = o.{REST})
    RETURNING e.table_name
)
SELECT a.table_name, count(*) AS rows FROM assigned a GROUP BY 1 ORDER BY 1
