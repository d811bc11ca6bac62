-- The tables that rows of a side table may be about: one row for each column that can be their key, which is the one of the
-- given name where there is such a one. Left out are partitions, whose rows their table has, and tables whose schema has a
-- side table of its own, which runs have always taken before any other.
-- $1 side table, $2 name of the key, $3 of the title, $4 of the description
WITH vectors AS (
    SELECT a.attrelid,
        array_agg(coalesce(
            substring(col_description(a.attrelid, a.attnum) FROM '(?n)^embedding_state\.column_name = (.+)$'),
            a.attname)) AS columns
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_extension x ON x.extname = 'vector' AND x.extnamespace = t.typnamespace
    WHERE t.typname IN ('vector', 'halfvec') AND NOT a.attisdropped
    GROUP BY 1
),
keys AS (
    SELECT DISTINCT i.indrelid, a.attnum, a.attname, a.attname = $2::text AS is_named
    FROM pg_index i
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    JOIN pg_attribute s ON s.attrelid = $1::oid AND s.attname = 'dataset_id' AND s.atttypid = a.atttypid
    WHERE i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL AND i.indisvalid
),
texts AS (
    SELECT a.attrelid, a.attname, quote_ident(a.attname) AS quoted
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attname IN ($3::text, $4::text) AND t.typcategory = 'S' AND NOT a.attisdropped
        AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
)
SELECT r.name AS quoted, quote_literal(r.name) AS literal,
    -- Children that are no partitions are tables of their own.
    CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || r.name AS source,
    quote_literal(v.columns::text) || '::text[]' AS columns, quote_ident(k.attname) AS key,
    (SELECT x.quoted FROM texts x WHERE x.attrelid = c.oid AND x.attname = $3::text) AS title,
    (SELECT x.quoted FROM texts x WHERE x.attrelid = c.oid AND x.attname = $4::text) AS description,
    has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, k.attnum, 'SELECT')
        AND NOT row_security_active(c.oid) AS is_visible
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT format('%I.%I', n.nspname, c.relname) AS name) r
JOIN vectors v ON v.attrelid = c.oid
JOIN keys k ON k.indrelid = c.oid
JOIN pg_class s ON s.oid = $1::oid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND (k.is_named OR NOT EXISTS (SELECT FROM keys o WHERE o.indrelid = c.oid AND o.is_named))
    AND NOT EXISTS (
        SELECT FROM pg_class o
        WHERE o.relnamespace = c.relnamespace AND o.relname = s.relname AND o.relkind IN ('r', 'p') AND o.oid <> s.oid)
ORDER BY r.name, k.attname
