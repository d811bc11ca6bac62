-- The values of an enum, the first twenty of them.
-- $1 type, $2 value asked for
SELECT coalesce(pg_catalog.bool_or(e.enumlabel OPERATOR(pg_catalog.=) $2::pg_catalog.text), false) AS has_value,
    pg_catalog.string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FILTER (WHERE e.number OPERATOR(pg_catalog.<=) 20)
        OPERATOR(pg_catalog.||) CASE
            WHEN pg_catalog.count(*) OPERATOR(pg_catalog.>) 20 THEN ' and others' ELSE ''
        END AS labels
FROM (
    SELECT enumlabel, enumsortorder, pg_catalog.row_number() OVER (ORDER BY enumsortorder) AS number
    FROM pg_catalog.pg_enum
    WHERE enumtypid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
) e
