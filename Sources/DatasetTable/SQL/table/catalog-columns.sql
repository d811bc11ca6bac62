-- The columns asked for that exist, quoted by the server, with what this role may do to them.
-- A domain counts as the type that it is made of, which is what values are sent and received as; type is as declared.
-- state_key is the name under which embedding_state knows the column. A column that was renamed by a change of the model
-- keeps its own: a line of its comment says which, since a comment follows its column through renames, dumps and restores.
-- $1 table, $2 column names
WITH RECURSIVE base AS (
    SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier
    FROM pg_attribute a
    WHERE a.attrelid = $1::oid AND a.attname = ANY($2::text[]) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT b.attnum, t.typbasetype, CASE WHEN b.modifier = -1 THEN t.typtypmod ELSE b.modifier END
    FROM base b JOIN pg_type t ON t.oid = b.type
    WHERE t.typtype = 'd'
)
SELECT a.attname::text AS name, quote_ident(a.attname) AS quoted, a.attnum::int AS number,
    col_description(a.attrelid, a.attnum) AS comment,
    coalesce(substring(col_description(a.attrelid, a.attnum) FROM '(?n)^embedding_state\.column_name = (.+)$'), a.attname)
        AS state_key,
    format_type(a.atttypid, a.atttypmod) AS type, format_type(t.oid, b.modifier) AS base_type,
    format('%I.%I', n.nspname, t.typname) AS quoted_type, t.typname::text AS type_name, t.oid AS type_oid,
    t.typarray AS array_oid, b.modifier,
    NOT a.attnotnull AS is_nullable, a.attgenerated <> '' AS is_generated,
    a.attgenerated = 'v' AS is_virtual, t.typtype = 'e' AS is_enum,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS may_select,
    has_column_privilege(a.attrelid, a.attnum, 'UPDATE') AS may_update,
    EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
            AND i.indpred IS NULL AND i.indisvalid) AS is_unique
FROM base b
JOIN pg_type t ON t.oid = b.type AND t.typtype <> 'd'
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_attribute a ON a.attrelid = $1::oid AND a.attnum = b.attnum
