-- The conditions of partial indexes that have their rows in the order of the keys, if status and active are given.
-- $1 table, $2 key column, $3 columns of status and active
SELECT pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) r.relam AND m.amname OPERATOR(pg_catalog.=) 'btree'
JOIN pg_catalog.pg_attribute k ON k.attrelid OPERATOR(pg_catalog.=) i.indrelid
    AND k.attnum OPERATOR(pg_catalog.=) i.indkey[i.indnkeyatts OPERATOR(pg_catalog.-) 1]
    AND k.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text
WHERE i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND i.indisvalid AND i.indpred IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts OPERATOR(pg_catalog.-) 2]) AS b(number)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
            AND a.attnum OPERATOR(pg_catalog.=) b.number
        WHERE a.attname IS NULL OR a.attname OPERATOR(pg_catalog.<>) ALL ($3::pg_catalog.text[]))
