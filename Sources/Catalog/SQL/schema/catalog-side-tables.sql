-- The tables beside the table, or on the search path, that catalog-fetch keeps its notes in, with what this role may do.
-- $1 the table
SELECT DISTINCT ON (c.relname) c.relname::pg_catalog.text AS name,
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted,
    (SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) 'dataset_id') AS key_type
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN LATERAL (
    SELECT t.relnamespace AS oid FROM pg_catalog.pg_class t WHERE t.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
) home ON true
WHERE c.relname OPERATOR(pg_catalog.=) ANY ('{dataset_fetch,source_cursor}')
    AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}')
    AND (n.oid OPERATOR(pg_catalog.=) home.oid OR pg_catalog.pg_table_is_visible(c.oid))
ORDER BY c.relname, (n.oid OPERATOR(pg_catalog.=) home.oid) DESC
