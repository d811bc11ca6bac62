-- Side tables beside the table that were made for keys of another type.
-- $1 table, $2 the key's type
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
    AND a.attname OPERATOR(pg_catalog.=) 'dataset_id'
JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
WHERE c.relname OPERATOR(pg_catalog.=) ANY ('{embedding_failure,embedding_state,embedding_document}')
    AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}')
    AND n.oid OPERATOR(pg_catalog.=) (
        SELECT relnamespace FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid)
    AND $2::pg_catalog.oid OPERATOR(pg_catalog.<>) ALL (ARRAY[t.oid, t.typbasetype])
ORDER BY 1
