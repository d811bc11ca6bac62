-- The indexes for nearest-neighbor search on a column, with what it takes to make such ones on another.
-- $1 table, $2 number of the column
SELECT r.relname::text AS name, format('%I.%I', n.nspname, r.relname) AS quoted, m.amname::text AS method,
    i.indisvalid AND i.indisready AS is_valid, pg_relation_size(r.oid) AS bytes,
    quote_ident(on_.nspname) AS class_schema, o.opcname::text AS class,
    pg_get_indexdef(r.oid, 1, true) AS key, i.indkey[0] = $2::int AS is_plain,
    format_type(k.atttypid, k.atttypmod) AS key_type,
    coalesce(array_to_string(r.reloptions, ', '), '') AS options,
    coalesce(pg_get_expr(i.indpred, i.indrelid, true), '') AS predicate,
    -- The operator that the index orders by, such as <=>.
    (SELECT format('OPERATOR(%I.%s)', opn.nspname, op.oprname)
        FROM pg_amop a
        JOIN pg_operator op ON op.oid = a.amopopr
        JOIN pg_namespace opn ON opn.oid = op.oprnamespace
        WHERE a.amopfamily = o.opcfamily AND a.amopstrategy = 1 AND a.amoplefttype = o.opcintype
        LIMIT 1) AS operator
FROM pg_index i
JOIN pg_class r ON r.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
JOIN pg_am m ON m.oid = r.relam
JOIN pg_opclass o ON o.oid = i.indclass[0]
JOIN pg_namespace on_ ON on_.oid = o.opcnamespace
JOIN pg_attribute k ON k.attrelid = r.oid AND k.attnum = 1
WHERE i.indrelid = $1::oid AND m.amname IN ('hnsw', 'ivfflat')
    AND EXISTS (
        SELECT FROM pg_depend e
        WHERE e.classid = 'pg_class'::regclass AND e.objid = r.oid
            AND e.refclassid = 'pg_class'::regclass AND e.refobjid = $1::oid AND e.refobjsubid = $2::int)
ORDER BY r.oid
