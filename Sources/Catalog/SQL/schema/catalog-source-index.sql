-- The unique indexes on source and reference, the valid ones first, and whether the name of ours is free.
-- $1 table, $2 column of the source, $3 of the reference
SELECT pg_catalog.format('%I.%I', n.nspname, r.relname) AS quoted, i.indisvalid AS is_valid
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
WHERE i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND i.indisunique AND i.indnkeyatts OPERATOR(pg_catalog.=) 2
    AND i.indpred IS NULL
    AND (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attname::pg_catalog.text)
        FROM pg_catalog.unnest(i.indkey[0:1]) AS u(number)
        JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
            AND a.attnum OPERATOR(pg_catalog.=) u.number)
        OPERATOR(pg_catalog.=) ARRAY(SELECT x.name
            FROM pg_catalog.unnest(ARRAY[$2::pg_catalog.text, $3::pg_catalog.text]) AS x(name) ORDER BY x.name)
ORDER BY i.indisvalid DESC, 1
