-- The statements by which a table, or each partition of it, tells its subscribers one row from another, so that it can be
-- published and updated: by a unique index over a column that is never NULL if there is one, else by all columns.
-- $1 table, $2 key column
SELECT string_agg(
        format('ALTER TABLE %I.%I REPLICA IDENTITY ', n.nspname, c.relname)
            || coalesce('USING INDEX ' || quote_ident(x.name), 'FULL'),
        '; ' ORDER BY c.oid) AS statements
FROM (
    SELECT $1::oid AS oid UNION SELECT relid FROM pg_partition_tree($1::oid::regclass) WHERE isleaf
) part
JOIN pg_class c ON c.oid = part.oid AND c.relkind = 'r'
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT r.relname AS name
    FROM pg_index i
    JOIN pg_class r ON r.oid = i.indexrelid
    JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attname = $2::text
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
        AND i.indnkeyatts = 1 AND i.indkey[0] = k.attnum AND k.attnotnull
    ORDER BY i.indisprimary DESC, r.relname
    LIMIT 1
) x ON true
WHERE c.relreplident = 'n'
    OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
