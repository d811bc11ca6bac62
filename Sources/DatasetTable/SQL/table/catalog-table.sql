-- The tables that a name can mean: verbatim `schema.table` or a table on the search path, both of which may hold dots, so
-- there may be several; or, written with quotes as in SQL, one of a schema or of the search path.
-- $1 name as given, $2 schema and $3 table of a name with quotes (NULL: none is given; it has no quotes)
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted, c.relname::pg_catalog.text AS name,
    pg_catalog.quote_ident(n.nspname) AS schema,
    c.relkind::pg_catalog.text AS kind, c.relpersistence OPERATOR(pg_catalog.=) 't' AS is_temporary,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_use_schema,
    pg_catalog.row_security_active(c.oid) AS row_security,
    -- With row_security off the server refuses each query that a policy would touch: how to have it on again.
    (SELECT CASE
            WHEN s.source OPERATOR(pg_catalog.=) 'user'
                THEN pg_catalog.format('ALTER ROLE %I RESET row_security', session_user)
            WHEN s.source OPERATOR(pg_catalog.=) 'database'
                THEN pg_catalog.format('ALTER DATABASE %I RESET row_security', pg_catalog.current_database())
            WHEN s.source OPERATOR(pg_catalog.=) 'database user' THEN pg_catalog.format(
                'ALTER ROLE %I IN DATABASE %I RESET row_security', session_user, pg_catalog.current_database())
            ELSE 'take it out of the options of the connection or the configuration of the server'
        END
        FROM pg_catalog.pg_settings s
        WHERE s.name OPERATOR(pg_catalog.=) 'row_security' AND s.setting OPERATOR(pg_catalog.=) 'off') AS row_security_reset,
    -- Whether row-level security may hide rows from this role: not where a policy lets it see all and none takes some away.
    pg_catalog.row_security_active(c.oid) AND (
        NOT EXISTS (
            SELECT FROM pg_catalog.pg_policy p
            WHERE p.polrelid OPERATOR(pg_catalog.=) c.oid AND p.polpermissive
                AND p.polcmd OPERATOR(pg_catalog.=) ANY ('{r,*}')
                AND pg_catalog.pg_get_expr(p.polqual, p.polrelid) OPERATOR(pg_catalog.=) 'true'
                AND EXISTS (
                    SELECT FROM pg_catalog.unnest(p.polroles) AS r(role)
                    WHERE CASE WHEN r.role OPERATOR(pg_catalog.=) 0 THEN true
                        ELSE pg_catalog.pg_has_role(r.role, 'USAGE') END))
        OR EXISTS (
            SELECT FROM pg_catalog.pg_policy p
            WHERE p.polrelid OPERATOR(pg_catalog.=) c.oid AND NOT p.polpermissive
                AND p.polcmd OPERATOR(pg_catalog.=) ANY ('{r,*}')
                AND pg_catalog.pg_get_expr(p.polqual, p.polrelid) OPERATOR(pg_catalog.<>) 'true'
                AND EXISTS (
                    SELECT FROM pg_catalog.unnest(p.polroles) AS r(role)
                    WHERE CASE WHEN r.role OPERATOR(pg_catalog.=) 0 THEN true
                        ELSE pg_catalog.pg_has_role(r.role, 'USAGE') END))) AS may_hide_rows,
    -- Whether triggers fire after an UPDATE (16 is its bit, 2 that of BEFORE), of the table or a partition.
    EXISTS (
        SELECT FROM pg_catalog.pg_trigger t
        WHERE NOT t.tgisinternal AND t.tgenabled OPERATOR(pg_catalog.=) ANY ('{O,A}')
            AND t.tgtype OPERATOR(pg_catalog.&) 18 OPERATOR(pg_catalog.=) 16
            AND (t.tgrelid OPERATOR(pg_catalog.=) c.oid OR EXISTS (
                SELECT FROM pg_catalog.pg_partition_tree(c.oid) k WHERE k.relid OPERATOR(pg_catalog.=) t.tgrelid))
    ) AS has_later_triggers,
    -- Tables that inherit from it and are no partitions.
    (SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', m.nspname, k.relname), ', ' ORDER BY k.oid)
        FROM pg_catalog.pg_inherits h
        JOIN pg_catalog.pg_class k ON k.oid OPERATOR(pg_catalog.=) h.inhrelid
        JOIN pg_catalog.pg_namespace m ON m.oid OPERATOR(pg_catalog.=) k.relnamespace
        WHERE h.inhparent OPERATOR(pg_catalog.=) c.oid AND NOT k.relispartition) AS heirs
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE CASE
    WHEN $3::pg_catalog.text IS NULL
        THEN c.relname OPERATOR(pg_catalog.=) $1::pg_catalog.text AND pg_catalog.pg_table_is_visible(c.oid)
            OR n.nspname OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) c.relname
            OPERATOR(pg_catalog.=) $1::pg_catalog.text
    WHEN $2::pg_catalog.text IS NULL THEN c.relname OPERATOR(pg_catalog.=) $3::pg_catalog.text
        AND pg_catalog.pg_table_is_visible(c.oid)
    ELSE n.nspname OPERATOR(pg_catalog.=) $2::pg_catalog.text AND c.relname OPERATOR(pg_catalog.=) $3::pg_catalog.text
END
ORDER BY 2
