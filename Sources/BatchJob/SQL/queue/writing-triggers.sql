-- The triggers that an update of the vector column fires, those of partitions included; NULL if there are none.
SELECT string_agg(format('%I on %s', t.tgname, t.tgrelid::regclass), ', ' ORDER BY t.tgrelid, t.tgname) AS triggers
FROM pg_trigger t
WHERE t.tgrelid IN (SELECT {TABLE_OID}::oid UNION SELECT p.relid::oid FROM pg_partition_tree({TABLE_OID}::oid::regclass) p)
    -- 16 is the bit of UPDATE. A partition may number its columns differently.
    AND NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled IN ('O', 'A') AND t.tgtype & 16 <> 0
    AND (t.tgattr::text = '' OR {COLUMN_NUMBER} = ANY(t.tgattr) OR t.tgrelid <> {TABLE_OID}::oid)
