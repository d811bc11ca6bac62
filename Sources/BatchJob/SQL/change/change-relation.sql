-- What a change of the model must know of the table besides its columns, in one row.
-- $1 table
SELECT c.relkind = 'p' AS is_partitioned, pg_has_role(c.relowner, 'USAGE') AS is_owner,
    c.reltuples::bigint AS rows, pg_table_size(c.oid) AS bytes,
    pg_size_bytes(current_setting('maintenance_work_mem')) AS maintenance_work_mem,
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
