-- A side table beside the table or on the search path, with what this role may do to it.
-- $1 name, $2 the table's oid, $3 the key's type, $4 columns that it must have, $5 columns of its key, $6 the rights that
-- row-level security can take away, as pg_policy abbreviates them
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_read,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
        AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AS may_write,
    pg_catalog.has_table_privilege(c.oid, 'DELETE') AS may_delete,
    EXISTS (
        SELECT FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
        WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) 'dataset_id'
            AND $3::pg_catalog.oid OPERATOR(pg_catalog.=) ANY (ARRAY[t.oid, t.typbasetype])) AS key_matches,
    pg_catalog.array_to_string(ARRAY(
        SELECT x.name FROM pg_catalog.unnest($4::pg_catalog.text[]) AS x(name)
        WHERE NOT EXISTS (
            SELECT FROM pg_catalog.pg_attribute a
            WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) x.name)), ', ')
        AS missing_columns,
    EXISTS (
        SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) 'table_name')
        AS tells_tables_apart,
    key.is_complete AS has_key, key.is_earlier AS has_earlier_key,
    coalesce((
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rulename), ', ' ORDER BY r.rulename)
        FROM pg_catalog.pg_rewrite r
        WHERE r.ev_class OPERATOR(pg_catalog.=) c.oid AND r.ev_type OPERATOR(pg_catalog.=) ANY ('{2,3,4}')), '')
        AS rules,
    pg_catalog.row_security_active(c.oid) AS row_security,
    -- Whether row-level security certainly keeps this role from it. What a policy with a condition lets through is not
    -- known before.
    pg_catalog.row_security_active(c.oid) AND EXISTS (
        SELECT FROM pg_catalog.unnest($6::pg_catalog.text[]) AS x(command)
        WHERE NOT EXISTS (
            SELECT FROM pg_catalog.pg_policy p
            WHERE p.polrelid OPERATOR(pg_catalog.=) c.oid AND p.polpermissive
                AND p.polcmd::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['*', x.command])
                AND coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true') OPERATOR(pg_catalog.<>) 'false'
                AND coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), 'true') OPERATOR(pg_catalog.<>) 'false'
                AND EXISTS (
                    SELECT FROM pg_catalog.unnest(p.polroles) AS r(role)
                    WHERE r.role OPERATOR(pg_catalog.=) 0 OR pg_catalog.pg_has_role(r.role, 'USAGE'))))
        AS lacks_policy,
    pg_catalog.format('CREATE POLICY embedding_job ON %I.%I TO %I USING (true) WITH CHECK (true)', n.nspname, c.relname,
        current_user) AS policy
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN LATERAL (
    SELECT t.relnamespace AS oid FROM pg_catalog.pg_class t WHERE t.oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid
) home ON true
-- What ON CONFLICT needs: a unique index over exactly the columns of the key. Earlier versions had one without table_name.
CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.bool_or(x.columns OPERATOR(pg_catalog.@>) $5
            AND $5 OPERATOR(pg_catalog.@>) x.columns), false) AS is_complete,
        coalesce(pg_catalog.bool_or(x.columns OPERATOR(pg_catalog.@>) earlier.columns
            AND earlier.columns OPERATOR(pg_catalog.@>) x.columns), false) AS is_earlier
    FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(a.attname::pg_catalog.text) AS columns
        FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts OPERATOR(pg_catalog.-) 1]) AS k(number)
        JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
            AND a.attnum OPERATOR(pg_catalog.=) k.number) x
    CROSS JOIN (SELECT pg_catalog.array_remove($5::pg_catalog.text[], 'table_name') AS columns) earlier
    WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) key
WHERE c.relname OPERATOR(pg_catalog.=) $1::pg_catalog.text AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}')
    AND (n.oid OPERATOR(pg_catalog.=) home.oid OR pg_catalog.pg_table_is_visible(c.oid))
ORDER BY (n.oid OPERATOR(pg_catalog.=) home.oid) DESC
LIMIT 1
