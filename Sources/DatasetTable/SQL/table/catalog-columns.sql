-- The columns asked for that exist, quoted by the server, with what this role may do to them.
-- state_key is the name under which embedding_state knows the column. A column that was renamed by a change of the model
-- keeps its own: a line of its comment says which, since a comment follows its column through renames, dumps and restores.
-- $1 table, $2 column names
SELECT a.attname::text AS name, quote_ident(a.attname) AS quoted, a.attnum::int AS number,
    col_description(a.attrelid, a.attnum) AS comment,
    coalesce(substring(col_description(a.attrelid, a.attnum) FROM '(?n)^embedding_state\.column_name = (.+)$'), a.attname)
        AS state_key,
    format('%I.%I', n.nspname, t.typname) AS quoted_type, format_type(a.atttypid, a.atttypmod) AS type,
    t.typname::text AS type_name, a.atttypid AS type_oid, t.typarray AS array_oid, a.atttypmod AS modifier,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS may_select,
    has_column_privilege(a.attrelid, a.attnum, 'UPDATE') AS may_update,
    EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
            AND i.indpred IS NULL AND i.indisvalid) AS is_unique
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE a.attrelid = $1::oid AND a.attname = ANY($2::text[]) AND a.attnum > 0 AND NOT a.attisdropped
