-- The indexes for nearest-neighbor search on a column, with what it takes to make such ones on another.
-- $1 table, $2 number of the column
SELECT r.relname::pg_catalog.text AS name, pg_catalog.format('%I.%I', n.nspname, r.relname) AS quoted,
    m.amname::pg_catalog.text AS method,
    i.indisvalid AND i.indisready AS is_valid, pg_catalog.pg_relation_size(r.oid) AS bytes,
    pg_catalog.quote_ident(on_.nspname) AS class_schema, o.opcname::pg_catalog.text AS class,
    pg_catalog.pg_get_indexdef(r.oid, 1, true) AS key, i.indkey[0] OPERATOR(pg_catalog.=) $2::int AS is_plain,
    pg_catalog.format_type(k.atttypid, k.atttypmod) AS key_type,
    coalesce(pg_catalog.array_to_string(r.reloptions, ', '), '') AS options,
    coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid, true), '') AS predicate,
    -- The operator that the index orders by, such as <=>.
    (SELECT pg_catalog.format('OPERATOR(%I.%s)', opn.nspname, op.oprname)
        FROM pg_catalog.pg_amop a
        JOIN pg_catalog.pg_operator op ON op.oid OPERATOR(pg_catalog.=) a.amopopr
        JOIN pg_catalog.pg_namespace opn ON opn.oid OPERATOR(pg_catalog.=) op.oprnamespace
        WHERE a.amopfamily OPERATOR(pg_catalog.=) o.opcfamily AND a.amopstrategy OPERATOR(pg_catalog.=) 1
            AND a.amoplefttype OPERATOR(pg_catalog.=) o.opcintype
        LIMIT 1) AS operator
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) r.relam
JOIN pg_catalog.pg_opclass o ON o.oid OPERATOR(pg_catalog.=) i.indclass[0]
JOIN pg_catalog.pg_namespace on_ ON on_.oid OPERATOR(pg_catalog.=) o.opcnamespace
JOIN pg_catalog.pg_attribute k ON k.attrelid OPERATOR(pg_catalog.=) r.oid AND k.attnum OPERATOR(pg_catalog.=) 1
WHERE i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND m.amname OPERATOR(pg_catalog.=) ANY ('{hnsw,ivfflat}')
    AND EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
            AND e.objid OPERATOR(pg_catalog.=) r.oid
            AND e.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
            AND e.refobjid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
            AND e.refobjsubid OPERATOR(pg_catalog.=) $2::int)
ORDER BY r.oid
