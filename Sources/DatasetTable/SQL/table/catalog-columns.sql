-- The columns asked for that exist, quoted by the server, with what this role may do to them.
-- A domain counts as the type that it is made of, which is what values are sent and received as; type is as declared.
-- state_key is the name under which embedding_state knows the column. A column that was renamed by a change of the model
-- keeps its own: a line of its comment says which, since a comment follows its column through renames, dumps and restores.
-- $1 table, $2 column names
WITH RECURSIVE base AS (
    SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
        AND a.attname OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.text[]) AND a.attnum OPERATOR(pg_catalog.>) 0
        AND NOT a.attisdropped
    UNION ALL
    SELECT b.attnum, t.typbasetype, CASE WHEN b.modifier OPERATOR(pg_catalog.=) -1 THEN t.typtypmod ELSE b.modifier END
    FROM base b JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.type
    WHERE t.typtype OPERATOR(pg_catalog.=) 'd'
)
SELECT a.attname::pg_catalog.text AS name, pg_catalog.quote_ident(a.attname) AS quoted, a.attnum::int AS number,
    pg_catalog.col_description(a.attrelid, a.attnum) AS comment,
    coalesce(substring(pg_catalog.col_description(a.attrelid, a.attnum)
        FROM '(?n)^embedding_state\.column_name = (.+)$'), a.attname)
        AS state_key,
    -- Where the operators are found that compare values of the type; those of pg_catalog serve most types.
    coalesce((
        SELECT pg_catalog.quote_ident(s.nspname)
        FROM pg_catalog.pg_opclass o
        JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) o.opcmethod AND m.amname OPERATOR(pg_catalog.=) 'btree'
        JOIN pg_catalog.pg_amop e ON e.amopfamily OPERATOR(pg_catalog.=) o.opcfamily
            AND e.amoplefttype OPERATOR(pg_catalog.=) t.oid AND e.amoprighttype OPERATOR(pg_catalog.=) t.oid
            AND e.amopstrategy OPERATOR(pg_catalog.=) 3
        JOIN pg_catalog.pg_operator q ON q.oid OPERATOR(pg_catalog.=) e.amopopr
        JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) q.oprnamespace
        WHERE o.opcintype OPERATOR(pg_catalog.=) t.oid AND o.opcdefault), 'pg_catalog') AS operator_schema,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, pg_catalog.format_type(t.oid, b.modifier) AS base_type,
    pg_catalog.format('%I.%I', n.nspname, t.typname) AS quoted_type, t.typname::pg_catalog.text AS type_name,
    t.oid AS type_oid,
    t.typarray AS array_oid, b.modifier,
    NOT a.attnotnull AS is_nullable, a.attgenerated OPERATOR(pg_catalog.<>) '' AS is_generated,
    a.attgenerated OPERATOR(pg_catalog.=) 'v' AS is_virtual, t.typtype OPERATOR(pg_catalog.=) 'e' AS is_enum,
    pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS may_select,
    pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'UPDATE') AS may_update,
    EXISTS (
        SELECT FROM pg_catalog.pg_index i
        WHERE i.indrelid OPERATOR(pg_catalog.=) a.attrelid AND i.indisunique
            AND i.indnkeyatts OPERATOR(pg_catalog.=) 1 AND i.indkey[0] OPERATOR(pg_catalog.=) a.attnum
            AND i.indpred IS NULL AND i.indisvalid) AS is_unique
FROM base b
JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.type AND t.typtype OPERATOR(pg_catalog.<>) 'd'
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
    AND a.attnum OPERATOR(pg_catalog.=) b.attnum
