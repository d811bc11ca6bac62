-- Whether some policy lets this role update rows at all. One that has only a WITH CHECK lets it find none.
SELECT pg_catalog.quote_ident(current_user) AS role, EXISTS (
    SELECT FROM pg_catalog.pg_policy p
    WHERE p.polrelid OPERATOR(pg_catalog.=) {TABLE_OID}::pg_catalog.oid AND p.polpermissive
        AND p.polcmd OPERATOR(pg_catalog.=) ANY ('{w,*}') AND p.polqual IS NOT NULL
        AND EXISTS (
            SELECT FROM pg_catalog.unnest(p.polroles) AS r(oid)
            WHERE CASE WHEN r.oid OPERATOR(pg_catalog.=) 0 THEN true
                ELSE pg_catalog.pg_has_role(r.oid, 'USAGE') END)) AS may_update
