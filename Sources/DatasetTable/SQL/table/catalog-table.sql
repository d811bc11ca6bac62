-- The tables that a name can mean: verbatim `schema.table` or a table on the search path, both of which may hold dots, so
-- there may be several; or, written with quotes as in SQL, one of a schema or of the search path.
-- $1 name as given, $2 schema and $3 table of a name with quotes (NULL: none is given; it has no quotes)
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS quoted, c.relname::text AS name, quote_ident(n.nspname) AS schema,
    c.relkind::text AS kind, c.relpersistence = 't' AS is_temporary, has_schema_privilege(n.oid, 'USAGE') AS may_use_schema,
    -- Whether row-level security may hide rows from this role: not where a policy lets it see all and none takes some away.
    row_security_active(c.oid) AND (
        NOT EXISTS (
            SELECT FROM pg_catalog.pg_policy p
            WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*')
                AND pg_catalog.pg_get_expr(p.polqual, p.polrelid) = 'true'
                AND EXISTS (
                    SELECT FROM pg_catalog.unnest(p.polroles) AS r(role)
                    WHERE CASE r.role WHEN 0 THEN true ELSE pg_catalog.pg_has_role(r.role, 'USAGE') END))
        OR EXISTS (
            SELECT FROM pg_catalog.pg_policy p
            WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd IN ('r', '*')
                AND pg_catalog.pg_get_expr(p.polqual, p.polrelid) <> 'true'
                AND EXISTS (
                    SELECT FROM pg_catalog.unnest(p.polroles) AS r(role)
                    WHERE CASE r.role WHEN 0 THEN true ELSE pg_catalog.pg_has_role(r.role, 'USAGE') END))) AS may_hide_rows,
    -- Tables that inherit from it and are no partitions.
    (SELECT string_agg(format('%I.%I', m.nspname, k.relname), ', ' ORDER BY k.oid)
        FROM pg_inherits h
        JOIN pg_class k ON k.oid = h.inhrelid
        JOIN pg_namespace m ON m.oid = k.relnamespace
        WHERE h.inhparent = c.oid AND NOT k.relispartition) AS heirs
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE CASE
    WHEN $3::text IS NULL
        THEN c.relname = $1::text AND pg_table_is_visible(c.oid) OR n.nspname || '.' || c.relname = $1::text
    WHEN $2::text IS NULL THEN c.relname = $3::text AND pg_table_is_visible(c.oid)
    ELSE n.nspname = $2::text AND c.relname = $3::text
END
ORDER BY 2
