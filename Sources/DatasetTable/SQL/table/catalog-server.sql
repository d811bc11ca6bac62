-- What the server is, and where pgvector's types live.
SELECT pg_is_in_recovery() AS in_recovery,
    current_setting('server_encoding') AS server_encoding,
    (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector_version,
    (SELECT format('%I.%I', n.nspname, t.typname)
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_extension e ON e.extnamespace = n.oid
        WHERE e.extname = 'vector' AND t.typname = 'vector') AS vector_type,
    (SELECT t.oid FROM pg_type t JOIN pg_extension e ON e.extnamespace = t.typnamespace
        WHERE e.extname = 'vector' AND t.typname = 'vector') AS vector_oid,
    (SELECT t.typarray FROM pg_type t JOIN pg_extension e ON e.extnamespace = t.typnamespace
        WHERE e.extname = 'vector' AND t.typname = 'vector') AS vector_array_oid
