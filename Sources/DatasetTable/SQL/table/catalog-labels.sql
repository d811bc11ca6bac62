-- The values of an enum, the first twenty of them.
-- $1 type, $2 value asked for
SELECT coalesce(bool_or(e.enumlabel = $2::text), false) AS has_value,
    string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FILTER (WHERE e.number <= 20)
        || CASE WHEN count(*) > 20 THEN ' and others' ELSE '' END AS labels
FROM (
    SELECT enumlabel, enumsortorder, row_number() OVER (ORDER BY enumsortorder) AS number
    FROM pg_enum
    WHERE enumtypid = $1::oid
) e
