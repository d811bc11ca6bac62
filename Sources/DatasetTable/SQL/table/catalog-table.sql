-- The tables that a name can mean: verbatim `schema.table` or a table on the search path, both of which may hold dots, so
-- there may be several; or, written with quotes as in SQL, one of a schema or of the search path.
-- $1 name as given, $2 schema and $3 table of a name with quotes (NULL: none is given; it has no quotes)
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS quoted, c.relname::text AS name, quote_ident(n.nspname) AS schema,
    c.relkind::text AS kind, c.relpersistence = 't' AS is_temporary, has_schema_privilege(n.oid, 'USAGE') AS may_use_schema,
    row_security_active(c.oid) AS row_security,
    -- With row_security off the server refuses each query that a policy would touch: how to have it on again.
    (SELECT CASE s.source
            WHEN 'user' THEN pg_catalog.format('ALTER ROLE %I RESET row_security', session_user)
            WHEN 'database' THEN pg_catalog.format('ALTER DATABASE %I RESET row_security', pg_catalog.current_database())
            WHEN 'database user' THEN pg_catalog.format(
                'ALTER ROLE %I IN DATABASE %I RESET row_security', session_user, pg_catalog.current_database())
            ELSE 'take it out of the options of the connection or the configuration of the server'
        END
        FROM pg_settings s
        WHERE s.name = 'row_security' AND s.setting = 'off') AS row_security_reset,
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
