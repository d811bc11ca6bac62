-- The table by name: `schema.table`, or a table on the search path. The server quotes what it found.
-- $1 name as given
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS quoted, c.relkind::text AS kind,
    row_security_active(c.oid) AS row_security,
    -- Tables that inherit from it and are no partitions.
    (SELECT string_agg(format('%I.%I', m.nspname, k.relname), ', ' ORDER BY k.oid)
        FROM pg_inherits h
        JOIN pg_class k ON k.oid = h.inhrelid
        JOIN pg_namespace m ON m.oid = k.relnamespace
        WHERE h.inhparent = c.oid AND NOT k.relispartition) AS heirs
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (c.relname = $1::text AND pg_table_is_visible(c.oid)) OR n.nspname || '.' || c.relname = $1::text
ORDER BY (c.relname = $1::text) DESC
LIMIT 1
