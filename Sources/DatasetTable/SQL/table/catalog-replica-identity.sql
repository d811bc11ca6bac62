-- The statements by which a table, or each partition of it, tells its subscribers one row from another, so that it can be
-- published and updated: by a unique index over a column that is never NULL if there is one, else by all columns.
-- $1 table, $2 key column
SELECT pg_catalog.string_agg(
        pg_catalog.format('ALTER TABLE %I.%I REPLICA IDENTITY ', n.nspname, c.relname)
            OPERATOR(pg_catalog.||) coalesce('USING INDEX ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(x.name),
                'FULL'),
        '; ' ORDER BY c.oid) AS statements
FROM (
    SELECT $1::pg_catalog.oid AS oid
    UNION SELECT relid FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass) WHERE isleaf
) part
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) part.oid AND c.relkind OPERATOR(pg_catalog.=) 'r'
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN LATERAL (
    SELECT r.relname AS name
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
    JOIN pg_catalog.pg_attribute k ON k.attrelid OPERATOR(pg_catalog.=) i.indrelid
        AND k.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text
    WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid
        AND i.indpred IS NULL
        AND i.indnkeyatts OPERATOR(pg_catalog.=) 1 AND i.indkey[0] OPERATOR(pg_catalog.=) k.attnum AND k.attnotnull
    ORDER BY i.indisprimary DESC, r.relname
    LIMIT 1
) x ON true
WHERE c.relreplident OPERATOR(pg_catalog.=) 'n'
    OR c.relreplident OPERATOR(pg_catalog.=) 'd'
    AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_index i WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisprimary)
