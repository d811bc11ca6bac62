-- Tables that a name may have been meant for: of another schema, or spelled in another case.
-- $1 name as given, $2 its table alone
SELECT format('%I.%I', n.nspname, c.relname) AS quoted
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND (lower(c.relname) IN (lower($1::text), lower($2::text)) OR lower(n.nspname || '.' || c.relname) = lower($1::text))
ORDER BY pg_table_is_visible(c.oid) DESC, 1
LIMIT 3
