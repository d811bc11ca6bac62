-- Tables that a name may have been meant for: of another schema, or spelled in another case.
-- $1 name as given, $2 its table alone
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}') AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
    AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_catalog,information_schema}')
    AND (pg_catalog.lower(c.relname) OPERATOR(pg_catalog.=) ANY (
            ARRAY[pg_catalog.lower($1::pg_catalog.text), pg_catalog.lower($2::pg_catalog.text)])
        OR pg_catalog.lower(n.nspname OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) c.relname)
            OPERATOR(pg_catalog.=) pg_catalog.lower($1::pg_catalog.text))
ORDER BY pg_catalog.pg_table_is_visible(c.oid) DESC, 1
LIMIT 3
