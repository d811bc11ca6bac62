-- The rules that an UPDATE of a table is rewritten by.
-- $1 table
SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rulename), ', ' ORDER BY r.rulename) AS rules
FROM pg_catalog.pg_rewrite r
WHERE r.ev_class OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND r.ev_type OPERATOR(pg_catalog.=) '2'
