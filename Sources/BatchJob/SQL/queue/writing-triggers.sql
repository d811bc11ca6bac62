-- The triggers that an update of the vector column fires, those of partitions included; NULL if there are none.
SELECT pg_catalog.string_agg(pg_catalog.format('%I on %s', t.tgname, t.tgrelid::pg_catalog.regclass),
    ', ' ORDER BY t.tgrelid, t.tgname) AS triggers
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid OPERATOR(pg_catalog.=) ANY (
        SELECT {TABLE_OID}::pg_catalog.oid
        UNION SELECT p.relid::pg_catalog.oid
        FROM pg_catalog.pg_partition_tree({TABLE_OID}::pg_catalog.oid::pg_catalog.regclass) p)
    -- 16 is the bit of UPDATE. A partition may number its columns differently.
    AND NOT t.tgisinternal AND t.tgparentid OPERATOR(pg_catalog.=) 0
    AND t.tgenabled OPERATOR(pg_catalog.=) ANY ('{O,A}')
    AND t.tgtype OPERATOR(pg_catalog.&) 16 OPERATOR(pg_catalog.<>) 0
    AND (t.tgattr::pg_catalog.text OPERATOR(pg_catalog.=) '' OR {COLUMN_NUMBER} OPERATOR(pg_catalog.=) ANY (t.tgattr)
        OR t.tgrelid OPERATOR(pg_catalog.<>) {TABLE_OID}::pg_catalog.oid)
