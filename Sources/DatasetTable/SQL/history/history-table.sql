-- The history of runs beside the table or on the search path, with what this role may do to it.
-- $1 the table
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_read,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AS may_write
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN LATERAL (
    SELECT t.relnamespace AS oid FROM pg_catalog.pg_class t WHERE t.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
) home ON true
WHERE c.relname OPERATOR(pg_catalog.=) 'embedding_run' AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}')
    AND (n.oid OPERATOR(pg_catalog.=) home.oid OR pg_catalog.pg_table_is_visible(c.oid))
ORDER BY (n.oid OPERATOR(pg_catalog.=) home.oid) DESC
LIMIT 1
