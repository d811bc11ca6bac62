-- The conditions of partial indexes that have their rows in the order of the keys, if status and active are given.
-- $1 table, $2 key column, $3 columns of status and active
SELECT pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate
FROM pg_index i
JOIN pg_class r ON r.oid = i.indexrelid
JOIN pg_am m ON m.oid = r.relam AND m.amname = 'btree'
JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = i.indkey[i.indnkeyatts - 1] AND k.attname = $2::text
WHERE i.indrelid = $1::oid AND i.indisvalid AND i.indpred IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts - 2]) AS b(number)
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = b.number
        WHERE a.attname IS NULL OR a.attname <> ALL ($3::text[]))
