-- What was made of a column and keeps it from being dropped: views, rules, policies, triggers, generated columns.
-- $1 table, $2 number of the column
SELECT string_agg(DISTINCT coalesce(v.name, pg_describe_object(p.classid, p.objid, p.objsubid)), ', ') AS dependents
FROM pg_depend p
LEFT JOIN LATERAL (
    SELECT format('%s %I.%I', CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, n.nspname, c.relname) AS name
    FROM pg_rewrite r
    JOIN pg_class c ON c.oid = r.ev_class
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE p.classid = 'pg_rewrite'::regclass AND r.oid = p.objid AND c.relkind IN ('v', 'm')
) v ON true
WHERE p.refclassid = 'pg_class'::regclass AND p.refobjid = $1::oid AND p.refobjsubid = $2::int AND p.deptype = 'n'
