-- All columns of the database that a run may be filling, whose claims a migration holds.
SELECT a.attrelid AS relation, a.attname::text AS name
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_extension x ON x.extname = 'vector' AND x.extnamespace = t.typnamespace
WHERE c.relkind IN ('r', 'p') AND t.typname IN ('vector', 'halfvec') AND NOT a.attisdropped
