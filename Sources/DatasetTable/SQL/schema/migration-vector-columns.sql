-- All columns of the database that a run may be filling, whose claims a migration holds.
SELECT a.attrelid AS relation, a.attname::pg_catalog.text AS name
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
JOIN pg_catalog.pg_extension x ON x.extname OPERATOR(pg_catalog.=) 'vector'
    AND x.extnamespace OPERATOR(pg_catalog.=) t.typnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}') AND t.typname OPERATOR(pg_catalog.=) ANY ('{vector,halfvec}')
    AND NOT a.attisdropped
