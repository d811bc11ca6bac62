-- Indexes and triggers that concern a run, in one row.
-- $1 table, $2 vector column
SELECT
    -- A free name for the index of pending rows: one of the usual name may be about another status, or unfinished.
    (SELECT pg_catalog.quote_ident(x.name)
        FROM pg_catalog.generate_series(1, 9) AS s(number)
        CROSS JOIN LATERAL (
            SELECT pg_catalog.left(c.relname || '_' || $2::text, 52) || '_pending'
                || CASE s.number WHEN 1 THEN '' ELSE '_' || s.number END) AS x(name)
        ORDER BY EXISTS (
            SELECT FROM pg_class o WHERE o.relname = x.name::name AND o.relnamespace = c.relnamespace), s.number
        LIMIT 1) AS pending_index,
    c.relkind = 'p' AS is_partitioned,
    -- Triggers that setting the column fires (16 is the bit of UPDATE) and whose function or arguments name updated_at.
    (SELECT string_agg(quote_ident(t.tgname), ', ' ORDER BY t.tgname)
        FROM pg_trigger t
        JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 16 <> 0
            AND (t.tgattr::text = '' OR v.attnum = ANY(t.tgattr))
            AND (p.prosrc LIKE '%updated_at%' OR encode(t.tgargs, 'escape') LIKE '%updated_at%')) AS triggers,
    s.search_indexes, s.hnsw_indexes, s.drop_indexes, s.create_indexes
FROM pg_class c
JOIN pg_attribute v ON v.attrelid = c.oid AND v.attname = $2::text
CROSS JOIN LATERAL (
    SELECT string_agg(x.name, ', ' ORDER BY x.name) AS search_indexes,
        string_agg(x.name, ', ' ORDER BY x.name) FILTER (WHERE x.method = 'hnsw') AS hnsw_indexes,
        string_agg(x.removal, '; ' ORDER BY x.name) AS drop_indexes,
        string_agg(x.definition, '; ' ORDER BY x.name) AS create_indexes
    FROM (
        SELECT m.amname AS method, q.name,
            -- Nothing can be done concurrently to an index of a partitioned table.
            CASE c.relkind WHEN 'p' THEN 'DROP INDEX ' ELSE 'DROP INDEX CONCURRENTLY ' END || q.name AS removal,
            CASE c.relkind
                WHEN 'p' THEN replace(pg_get_indexdef(r.oid), ' ON ONLY ', ' ON ')
                ELSE regexp_replace(pg_get_indexdef(r.oid), '^CREATE INDEX', 'CREATE INDEX CONCURRENTLY')
            END AS definition
        FROM pg_index i
        JOIN pg_class r ON r.oid = i.indexrelid
        JOIN pg_namespace n ON n.oid = r.relnamespace
        JOIN pg_am m ON m.oid = r.relam
        CROSS JOIN LATERAL (SELECT format('%I.%I', n.nspname, r.relname) AS name) q
        -- pg_depend rather than indkey, which knows nothing of an expression such as embedding::halfvec(384).
        WHERE i.indrelid = c.oid AND m.amname IN ('hnsw', 'ivfflat')
            AND EXISTS (
                SELECT FROM pg_depend e
                WHERE e.classid = 'pg_class'::regclass AND e.objid = r.oid
                    AND e.refclassid = 'pg_class'::regclass AND e.refobjid = c.oid AND e.refobjsubid = v.attnum)
    ) x
) s
WHERE c.oid = $1::oid
