-- Indexes and triggers that concern a run, in one row.
-- $1 table, $2 vector column
SELECT
    -- A free name for the index of pending rows: one of the usual name may be about another status, or unfinished.
    (SELECT pg_catalog.quote_ident(x.name)
        FROM pg_catalog.generate_series(1, 9) AS s(number)
        CROSS JOIN LATERAL (
            SELECT pg_catalog.left(c.relname OPERATOR(pg_catalog.||) '_' OPERATOR(pg_catalog.||) $2::pg_catalog.text, 52)
                OPERATOR(pg_catalog.||) '_pending' OPERATOR(pg_catalog.||)
                CASE WHEN s.number OPERATOR(pg_catalog.=) 1 THEN '' ELSE '_' OPERATOR(pg_catalog.||) s.number END) AS x(name)
        ORDER BY EXISTS (
            SELECT FROM pg_catalog.pg_class o
            WHERE o.relname OPERATOR(pg_catalog.=) x.name::pg_catalog.name
                AND o.relnamespace OPERATOR(pg_catalog.=) c.relnamespace), s.number
        LIMIT 1) AS pending_index,
    c.relkind OPERATOR(pg_catalog.=) 'p' AS is_partitioned,
    -- Triggers that setting the column fires (16 is the bit of UPDATE) and whose function or arguments name updated_at.
    (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(t.tgname), ', ' ORDER BY t.tgname)
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid
        WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid AND NOT t.tgisinternal
            AND t.tgenabled OPERATOR(pg_catalog.=) ANY ('{O,A}')
            AND t.tgtype OPERATOR(pg_catalog.&) 16 OPERATOR(pg_catalog.<>) 0
            AND (t.tgattr::pg_catalog.text OPERATOR(pg_catalog.=) '' OR v.attnum OPERATOR(pg_catalog.=) ANY (t.tgattr))
            AND (p.prosrc OPERATOR(pg_catalog.~~) '%updated_at%'
                OR pg_catalog.encode(t.tgargs, 'escape') OPERATOR(pg_catalog.~~) '%updated_at%')) AS triggers,
    s.search_indexes, s.hnsw_indexes, s.drop_indexes, s.create_indexes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute v ON v.attrelid OPERATOR(pg_catalog.=) c.oid
    AND v.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text
CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(x.name, ', ' ORDER BY x.name) AS search_indexes,
        pg_catalog.string_agg(x.name, ', ' ORDER BY x.name)
            FILTER (WHERE x.method OPERATOR(pg_catalog.=) 'hnsw') AS hnsw_indexes,
        pg_catalog.string_agg(x.removal, '; ' ORDER BY x.name) AS drop_indexes,
        pg_catalog.string_agg(x.definition, '; ' ORDER BY x.name) AS create_indexes
    FROM (
        SELECT m.amname AS method, q.name,
            -- Nothing can be done concurrently to an index of a partitioned table.
            CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'p' THEN 'DROP INDEX '
                ELSE 'DROP INDEX CONCURRENTLY ' END OPERATOR(pg_catalog.||) q.name AS removal,
            CASE
                WHEN c.relkind OPERATOR(pg_catalog.=) 'p'
                    THEN pg_catalog.replace(pg_catalog.pg_get_indexdef(r.oid), ' ON ONLY ', ' ON ')
                ELSE pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(r.oid), '^CREATE INDEX',
                    'CREATE INDEX CONCURRENTLY')
            END AS definition
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
        JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) r.relam
        CROSS JOIN LATERAL (SELECT pg_catalog.format('%I.%I', n.nspname, r.relname) AS name) q
        -- pg_depend rather than indkey, which knows nothing of an expression such as embedding::halfvec(384).
        WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND m.amname OPERATOR(pg_catalog.=) ANY ('{hnsw,ivfflat}')
            AND EXISTS (
                SELECT FROM pg_catalog.pg_depend e
                WHERE e.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND e.objid OPERATOR(pg_catalog.=) r.oid
                    AND e.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND e.refobjid OPERATOR(pg_catalog.=) c.oid AND e.refobjsubid OPERATOR(pg_catalog.=) v.attnum)
    ) x
) s
WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
