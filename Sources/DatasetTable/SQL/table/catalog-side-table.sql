-- A side table beside the table or on the search path, with what this role may do to it.
-- $1 name, $2 the table's oid, $3 the key's type, $4 columns that it must have, $5 columns of its key, $6 the rights that
-- row-level security can take away, as pg_policy abbreviates them
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS quoted,
    has_table_privilege(c.oid, 'SELECT') AS may_read,
    has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AS may_write,
    has_table_privilege(c.oid, 'DELETE') AS may_delete,
    EXISTS (
        SELECT FROM pg_attribute a
        JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attname = 'dataset_id' AND $3::oid IN (t.oid, t.typbasetype)) AS key_matches,
    array_to_string(ARRAY(
        SELECT x.name FROM unnest($4::text[]) AS x(name)
        WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = x.name)), ', ')
        AS missing_columns,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'table_name') AS tells_tables_apart,
    key.is_complete AS has_key, key.is_earlier AS has_earlier_key,
    coalesce((
        SELECT string_agg(quote_ident(r.rulename), ', ' ORDER BY r.rulename)
        FROM pg_rewrite r
        WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3', '4')), '') AS rules,
    row_security_active(c.oid) AS row_security,
    -- Whether row-level security certainly keeps this role from it. What a policy with a condition lets through is not
    -- known before.
    row_security_active(c.oid) AND EXISTS (
        SELECT FROM unnest($6::text[]) AS x(command)
        WHERE NOT EXISTS (
            SELECT FROM pg_policy p
            WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd::text IN ('*', x.command)
                AND coalesce(pg_get_expr(p.polqual, p.polrelid), 'true') <> 'false'
                AND coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'true') <> 'false'
                AND EXISTS (
                    SELECT FROM unnest(p.polroles) AS r(role) WHERE r.role = 0 OR pg_has_role(r.role, 'USAGE'))))
        AS lacks_policy,
    format('CREATE POLICY embedding_job ON %I.%I TO %I USING (true) WITH CHECK (true)', n.nspname, c.relname,
        current_user) AS policy
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
-- What ON CONFLICT needs: a unique index over exactly the columns of the key. Earlier versions had one without table_name.
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(x.columns @> $5 AND $5 @> x.columns), false) AS is_complete,
        coalesce(bool_or(x.columns @> earlier.columns AND earlier.columns @> x.columns), false) AS is_earlier
    FROM pg_index i
    CROSS JOIN LATERAL (
        SELECT array_agg(a.attname::text) AS columns
        FROM unnest(i.indkey[0:i.indnkeyatts - 1]) AS k(number)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number) x
    CROSS JOIN (SELECT array_remove($5::text[], 'table_name') AS columns) earlier
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) key
WHERE c.relname = $1::text AND c.relkind IN ('r', 'p')
    AND (n.oid = (SELECT relnamespace FROM pg_class WHERE oid = $2::oid) OR pg_table_is_visible(c.oid))
ORDER BY (n.oid = (SELECT relnamespace FROM pg_class WHERE oid = $2::oid)) DESC
LIMIT 1
