-- What a change of the model must know of the table besides its columns, in one row.
-- $1 table
SELECT c.relkind OPERATOR(pg_catalog.=) 'p' AS is_partitioned, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS is_owner,
    c.reltuples::bigint AS rows, pg_catalog.pg_table_size(c.oid) AS bytes,
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')) AS maintenance_work_mem,
    (SELECT pg_catalog.format('%I.%I', n.nspname, m.relname)
        FROM pg_catalog.pg_class m JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) m.relnamespace
        WHERE m.relname OPERATOR(pg_catalog.=) 'embedding_model' AND m.relkind OPERATOR(pg_catalog.=) 'r'
            AND (m.relnamespace OPERATOR(pg_catalog.=) c.relnamespace OR pg_catalog.pg_table_is_visible(m.oid))
            AND pg_catalog.has_table_privilege(m.oid, 'SELECT') AND pg_catalog.has_table_privilege(m.oid, 'INSERT')
            AND pg_catalog.has_table_privilege(m.oid, 'UPDATE')
        ORDER BY (m.relnamespace OPERATOR(pg_catalog.=) c.relnamespace) DESC
        LIMIT 1) AS config
FROM pg_catalog.pg_class c
WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
