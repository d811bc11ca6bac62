-- A side table beside the table or on the search path, with what this role may do to it.
-- $1 name, $2 the table's oid, $3 the key's type, $4 columns that it must have
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS quoted,
    has_table_privilege(c.oid, 'SELECT') AS may_read,
    has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AS may_write,
    has_table_privilege(c.oid, 'DELETE') AS may_delete,
    EXISTS (
        SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'dataset_id' AND a.atttypid = $3::oid) AS key_matches,
    array_to_string(ARRAY(
        SELECT x.name FROM unnest($4::text[]) AS x(name)
        WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = x.name)), ', ')
        AS missing_columns
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $1::text AND c.relkind IN ('r', 'p')
    AND (n.oid = (SELECT relnamespace FROM pg_class WHERE oid = $2::oid) OR pg_table_is_visible(c.oid))
ORDER BY (n.oid = (SELECT relnamespace FROM pg_class WHERE oid = $2::oid)) DESC
LIMIT 1
