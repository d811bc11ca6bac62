-- What was made of a column and stays with it when another takes its name: views, rules, functions, policies, triggers,
-- generated columns, publications, constraints, statistics, indexes. Search indexes and those of pending rows, which a change
-- of the model makes anew, are left out, and so is what refers to the other column as well.
-- $1 table, $2 number of the column, $3 number of the other one (0: none)
SELECT coalesce(v.name, g.name, pg_catalog.pg_describe_object(p.classid, p.objid, p.objsubid)) AS name,
    -- Generated columns before PostgreSQL 15 are parts of the table that would go with it.
    pg_catalog.bool_or(p.deptype = 'n' OR p.objsubid > 0) AS keeps_column
FROM pg_depend p
LEFT JOIN LATERAL (
    SELECT pg_catalog.format('%s %I.%I', CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, n.nspname, c.relname)
        AS name
    FROM pg_rewrite r
    JOIN pg_class c ON c.oid = r.ev_class
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE p.classid = 'pg_rewrite'::regclass AND r.oid = p.objid AND c.relkind IN ('v', 'm')
) v ON true
LEFT JOIN LATERAL (
    SELECT pg_catalog.format(
            '%s %I', CASE a.attgenerated WHEN '' THEN 'the default of column' ELSE 'generated column' END, a.attname) AS name
    FROM pg_attrdef d
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE p.classid = 'pg_attrdef'::regclass AND d.oid = p.objid
) g ON true
WHERE p.refclassid = 'pg_class'::regclass AND p.refobjid = $1::oid AND p.refobjsubid = $2::int AND p.deptype IN ('n', 'a')
    AND NOT EXISTS (
        SELECT FROM pg_depend o
        WHERE o.classid = p.classid AND o.objid = p.objid AND o.objsubid = p.objsubid
            AND o.refclassid = p.refclassid AND o.refobjid = p.refobjid AND o.refobjsubid = nullif($3::int, 0))
    AND NOT EXISTS (
        SELECT FROM pg_index i
        JOIN pg_class r ON r.oid = i.indexrelid
        JOIN pg_am m ON m.oid = r.relam
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = $2::int
        WHERE p.classid = 'pg_class'::regclass AND i.indexrelid = p.objid
            AND (m.amname IN ('hnsw', 'ivfflat')
                OR pg_catalog.pg_get_expr(i.indpred, i.indrelid) LIKE '%' || pg_catalog.quote_ident(a.attname) || ' IS NULL%'))
    -- What PostgreSQL 18 has a constraint for is a property of the column before.
    AND NOT EXISTS (
        SELECT FROM pg_constraint k
        WHERE p.classid = 'pg_constraint'::regclass AND k.oid = p.objid AND k.contype = 'n')
GROUP BY 1
UNION ALL
SELECT pg_catalog.format('NOT NULL of column %I', a.attname), false
FROM pg_attribute a
WHERE a.attrelid = $1::oid AND a.attnum = $2::int AND a.attnotnull
ORDER BY 1
