-- What a search needs beside the table, in its schema; names quoted by the server. A name that means nothing there is NULL.
-- $1 table, $2 the column of sources
SELECT pg_catalog.quote_ident(n.nspname) AS schema,
    -- A name that is too long would be cut off, and be that of another table's function.
    pg_catalog.format('%I.%I', n.nspname, 'search_' OPERATOR(pg_catalog.||) CASE
        WHEN pg_catalog.octet_length(c.relname::pg_catalog.text) OPERATOR(pg_catalog.<=) 56 THEN c.relname::pg_catalog.text
        ELSE pg_catalog.left(c.relname::pg_catalog.text, 10) OPERATOR(pg_catalog.||) '_'
            OPERATOR(pg_catalog.||) pg_catalog.left(pg_catalog.md5(c.relname::pg_catalog.text), 10)
        END) AS function,
    pg_catalog.format('%I.%I', n.nspname, 'is_ready_for_search') AS ready,
    pg_catalog.format('%I.%I', n.nspname, 'embedding_scale') AS scale,
    pg_catalog.format('%I.%I', n.nspname, 'embedding_word') AS word,
    pg_catalog.format('%I.%I', n.nspname, 'embedding_model') AS models,
    pg_catalog.quote_ident(current_user) AS role, c.relkind OPERATOR(pg_catalog.=) 'p' AS is_partitioned,
    EXISTS (
        SELECT FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
            AND a.attnum OPERATOR(pg_catalog.=) i.indkey[0]
        WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisvalid AND i.indpred IS NULL
            AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text) AS has_source_index,
    x.scale AS may_read_scale, x.word AS may_read_word, x.model AS may_read_models
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN LATERAL (
    SELECT pg_catalog.bool_and(pg_catalog.has_table_privilege(s.oid, 'SELECT'))
            FILTER (WHERE s.relname OPERATOR(pg_catalog.=) 'embedding_scale') AS scale,
        pg_catalog.bool_and(pg_catalog.has_table_privilege(s.oid, 'SELECT'))
            FILTER (WHERE s.relname OPERATOR(pg_catalog.=) 'embedding_word') AS word,
        pg_catalog.bool_and(pg_catalog.has_table_privilege(s.oid, 'SELECT'))
            FILTER (WHERE s.relname OPERATOR(pg_catalog.=) 'embedding_model') AS model
    FROM pg_catalog.pg_class s
    WHERE s.relnamespace OPERATOR(pg_catalog.=) c.relnamespace
) x
WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
