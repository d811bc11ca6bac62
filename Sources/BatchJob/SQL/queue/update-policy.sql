-- Whether some policy lets this role update rows at all. One that has only a WITH CHECK lets it find none.
SELECT quote_ident(current_user) AS role, EXISTS (
    SELECT FROM pg_policy p
    WHERE p.polrelid = {TABLE_OID}::oid AND p.polpermissive AND p.polcmd IN ('w', '*') AND p.polqual IS NOT NULL
        AND EXISTS (
            SELECT FROM unnest(p.polroles) AS r(oid)
            WHERE CASE r.oid WHEN 0 THEN true ELSE pg_has_role(r.oid, 'USAGE') END)) AS may_update
