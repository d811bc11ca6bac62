-- What the server is, and where pgvector's types live.
SELECT pg_catalog.pg_is_in_recovery() AS in_recovery, pg_catalog.current_setting('server_encoding') AS server_encoding,
    v.pgvector_version, v.vector_type, v.vector_oid, v.vector_array_oid, v.vector_schema,
    coalesce(v.is_visible, true) AS vector_is_visible, coalesce(v.may_use, true) AS may_use_vector
FROM (VALUES (1)) AS one
LEFT JOIN (
    SELECT e.extversion AS pgvector_version, pg_catalog.format('%I.%I', n.nspname, t.typname) AS vector_type,
        t.oid AS vector_oid, t.typarray AS vector_array_oid, pg_catalog.quote_ident(n.nspname) AS vector_schema,
        pg_catalog.pg_type_is_visible(t.oid) AS is_visible,
        pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_use
    FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
    JOIN pg_catalog.pg_type t ON t.typnamespace OPERATOR(pg_catalog.=) n.oid
        AND t.typname OPERATOR(pg_catalog.=) 'vector'
    WHERE e.extname OPERATOR(pg_catalog.=) 'vector'
) v ON true
