-- The rules that an UPDATE of a table is rewritten by.
-- $1 table
SELECT string_agg(quote_ident(r.rulename), ', ' ORDER BY r.rulename) AS rules
FROM pg_rewrite r
WHERE r.ev_class = $1::oid AND r.ev_type = '2'
