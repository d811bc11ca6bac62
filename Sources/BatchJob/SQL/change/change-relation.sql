-- What a change of the model must know of the table besides its columns, in one row.
-- $1 table, $2 columns that are meant to be renamed
SELECT c.relkind = 'p' AS is_partitioned, pg_has_role(c.relowner, 'USAGE') AS is_owner,
    c.reltuples::bigint AS rows, pg_table_size(c.oid) AS bytes,
    pg_size_bytes(current_setting('maintenance_work_mem')) AS maintenance_work_mem,
    -- A view goes on reading the column that it was made of, whatever that is called by then.
    (SELECT string_agg(DISTINCT format('%I.%I', n.nspname, v.relname), ', ')
        FROM pg_depend p
        JOIN pg_rewrite r ON p.classid = 'pg_rewrite'::regclass AND r.oid = p.objid
        JOIN pg_class v ON v.oid = r.ev_class
        JOIN pg_namespace n ON n.oid = v.relnamespace
        JOIN pg_attribute a ON a.attrelid = p.refobjid AND a.attnum = p.refobjsubid
        WHERE p.refclassid = 'pg_class'::regclass AND p.refobjid = c.oid AND a.attname = ANY($2::text[])) AS views,
    (SELECT format('%I.%I', n.nspname, m.relname)
        FROM pg_class m JOIN pg_namespace n ON n.oid = m.relnamespace
        WHERE m.relname = 'embedding_model' AND m.relkind = 'r'
            AND (m.relnamespace = c.relnamespace OR pg_table_is_visible(m.oid))
            AND has_table_privilege(m.oid, 'SELECT') AND has_table_privilege(m.oid, 'INSERT')
            AND has_table_privilege(m.oid, 'UPDATE')
        ORDER BY (m.relnamespace = c.relnamespace) DESC
        LIMIT 1) AS config
FROM pg_class c
WHERE c.oid = $1::oid
