-- The statements that remove the keys of an earlier version, under which two tables cannot have the same.
-- $1 side table, $2 columns of the old key
SELECT CASE
        WHEN k.oid IS NULL THEN pg_catalog.format('DROP INDEX %I.%I', n.nspname, r.relname)
        ELSE pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, k.conname)
    END AS statement
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indrelid
JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid OPERATOR(pg_catalog.=) i.indexrelid
    AND k.contype OPERATOR(pg_catalog.=) ANY ('{p,u}')
WHERE i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND i.indisunique
    AND (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attname::pg_catalog.text)
        FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts OPERATOR(pg_catalog.-) 1]) AS u(number)
        JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
            AND a.attnum OPERATOR(pg_catalog.=) u.number)
        OPERATOR(pg_catalog.=) ARRAY(SELECT x.name
            FROM pg_catalog.unnest($2::pg_catalog.text[]) AS x(name) ORDER BY x.name)
