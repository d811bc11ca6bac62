-- The statements that give everybody the rights to one column that they have to another.
-- $1 table, $2 name of the column that has them, $3 name of the column that gets them
SELECT pg_catalog.format(
        'GRANT %s (%I) ON %I.%I TO %s', x.privilege_type, $3::pg_catalog.text, n.nspname, c.relname,
        CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
            ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END) AS statement
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) x
WHERE a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text
    AND NOT a.attisdropped
