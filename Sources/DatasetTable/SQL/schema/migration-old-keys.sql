-- The statements that remove the keys of an earlier version, under which two tables cannot have the same.
-- $1 side table, $2 columns of the old key
SELECT CASE
        WHEN k.oid IS NULL THEN format('DROP INDEX %I.%I', n.nspname, r.relname)
        ELSE format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, k.conname)
    END AS statement
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_class r ON r.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
WHERE i.indrelid = $1::oid AND i.indisunique
    AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text)
        FROM unnest(i.indkey[0:i.indnkeyatts - 1]) AS u(number)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.number)
        = ARRAY(SELECT x.name FROM unnest($2::text[]) AS x(name) ORDER BY x.name)
