-- What was made of a column and stays with it when another takes its name: views, rules, functions, policies, triggers,
-- generated columns, publications, constraints, statistics, indexes. Search indexes and those of pending rows, which a change
-- of the model makes anew, are left out, and so is what refers to the other column as well.
-- $1 table, $2 number of the column, $3 number of the other one (0: none)
SELECT coalesce(v.name, g.name, pg_catalog.pg_describe_object(p.classid, p.objid, p.objsubid)) AS name,
    -- Generated columns before PostgreSQL 15 are parts of the table that would go with it.
    pg_catalog.bool_or(p.deptype OPERATOR(pg_catalog.=) 'n' OR p.objsubid OPERATOR(pg_catalog.>) 0) AS keeps_column
FROM pg_catalog.pg_depend p
LEFT JOIN LATERAL (
    SELECT pg_catalog.format(
        '%s %I.%I', CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'm' THEN 'materialized view' ELSE 'view' END,
        n.nspname, c.relname) AS name
    FROM pg_catalog.pg_rewrite r
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.ev_class
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE p.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND r.oid OPERATOR(pg_catalog.=) p.objid
        AND c.relkind OPERATOR(pg_catalog.=) ANY ('{v,m}')
) v ON true
LEFT JOIN LATERAL (
    SELECT pg_catalog.format(
        '%s %I',
        CASE WHEN a.attgenerated OPERATOR(pg_catalog.=) '' THEN 'the default of column' ELSE 'generated column' END,
        a.attname) AS name
    FROM pg_catalog.pg_attrdef d
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) d.adrelid
        AND a.attnum OPERATOR(pg_catalog.=) d.adnum
    WHERE p.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass
        AND d.oid OPERATOR(pg_catalog.=) p.objid
) g ON true
WHERE p.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
    AND p.refobjid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND p.refobjsubid OPERATOR(pg_catalog.=) $2::int
    AND p.deptype OPERATOR(pg_catalog.=) ANY ('{n,a}')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend o
        WHERE o.classid OPERATOR(pg_catalog.=) p.classid AND o.objid OPERATOR(pg_catalog.=) p.objid
            AND o.objsubid OPERATOR(pg_catalog.=) p.objsubid AND o.refclassid OPERATOR(pg_catalog.=) p.refclassid
            AND o.refobjid OPERATOR(pg_catalog.=) p.refobjid AND o.refobjsubid OPERATOR(pg_catalog.=) $3::int
            AND $3::int OPERATOR(pg_catalog.<>) 0)
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) r.relam
        JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
            AND a.attnum OPERATOR(pg_catalog.=) $2::int
        WHERE p.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
            AND i.indexrelid OPERATOR(pg_catalog.=) p.objid
            AND (m.amname OPERATOR(pg_catalog.=) ANY ('{hnsw,ivfflat}')
                OR pg_catalog.pg_get_expr(i.indpred, i.indrelid) OPERATOR(pg_catalog.~~)
                    ('%' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(a.attname) OPERATOR(pg_catalog.||) ' IS NULL%')))
    -- What PostgreSQL 18 has a constraint for is a property of the column before.
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint k
        WHERE p.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass
            AND k.oid OPERATOR(pg_catalog.=) p.objid AND k.contype OPERATOR(pg_catalog.=) 'n')
GROUP BY 1
UNION ALL
SELECT pg_catalog.format('NOT NULL of column %I', a.attname), false
FROM pg_catalog.pg_attribute a
WHERE a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND a.attnum OPERATOR(pg_catalog.=) $2::int AND a.attnotnull
ORDER BY 1
