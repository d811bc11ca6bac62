-- The statements that give everybody the rights to one column that they have to another.
-- $1 table, $2 name of the column that has them, $3 name of the column that gets them
SELECT format(
        'GRANT %s (%I) ON %I.%I TO %s', x.privilege_type, $3::text, n.nspname, c.relname,
        CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END) AS statement
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(a.attacl) x
WHERE a.attrelid = $1::oid AND a.attname = $2::text AND NOT a.attisdropped
