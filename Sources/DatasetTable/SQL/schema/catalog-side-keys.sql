-- Side tables beside the table that were made for keys of another type.
-- $1 table, $2 the key's type
SELECT format('%I.%I', n.nspname, c.relname) AS quoted, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'dataset_id'
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relname IN ('embedding_failure', 'embedding_state') AND c.relkind IN ('r', 'p')
    AND n.oid = (SELECT relnamespace FROM pg_class WHERE oid = $1::oid) AND $2::oid NOT IN (t.oid, t.typbasetype)
ORDER BY 1
