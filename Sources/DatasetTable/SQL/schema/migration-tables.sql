-- The tables that rows of a side table may be about: one row for each column that can be their key, which is the one of the
-- given name where there is such a one. Left out are partitions, whose rows their table has, and tables whose schema has a
-- side table of its own, which runs have always taken before any other.
-- $1 side table, $2 name of the key, $3 of the title, $4 of the description
WITH vectors AS (
    SELECT a.attrelid,
        pg_catalog.array_agg(coalesce(
            substring(pg_catalog.col_description(a.attrelid, a.attnum)
                FROM '(?n)^embedding_state\.column_name = (.+)$'),
            a.attname)) AS columns
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
    JOIN pg_catalog.pg_extension x ON x.extname OPERATOR(pg_catalog.=) 'vector'
        AND x.extnamespace OPERATOR(pg_catalog.=) t.typnamespace
    WHERE t.typname OPERATOR(pg_catalog.=) ANY ('{vector,halfvec}') AND NOT a.attisdropped
    GROUP BY 1
),
keys AS (
    SELECT DISTINCT i.indrelid, a.attnum, a.attname, a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text AS is_named
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
        AND a.attnum OPERATOR(pg_catalog.=) i.indkey[0]
    JOIN pg_catalog.pg_attribute s ON s.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
        AND s.attname OPERATOR(pg_catalog.=) 'dataset_id' AND s.atttypid OPERATOR(pg_catalog.=) a.atttypid
    WHERE i.indisunique AND i.indnkeyatts OPERATOR(pg_catalog.=) 1 AND i.indpred IS NULL AND i.indisvalid
),
texts AS (
    SELECT a.attrelid, a.attname, pg_catalog.quote_ident(a.attname) AS quoted
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
    WHERE a.attname OPERATOR(pg_catalog.=) ANY (ARRAY[$3::pg_catalog.text, $4::pg_catalog.text])
        AND t.typcategory OPERATOR(pg_catalog.=) 'S' AND NOT a.attisdropped
        AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
)
SELECT r.name AS quoted, pg_catalog.quote_literal(r.name) AS literal,
    -- Children that are no partitions are tables of their own.
    CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'r' THEN 'ONLY ' ELSE '' END OPERATOR(pg_catalog.||) r.name AS source,
    pg_catalog.quote_literal(v.columns::pg_catalog.text) OPERATOR(pg_catalog.||) '::pg_catalog.text[]' AS columns,
    pg_catalog.quote_ident(k.attname) AS key,
    (SELECT x.quoted FROM texts x WHERE x.attrelid OPERATOR(pg_catalog.=) c.oid
        AND x.attname OPERATOR(pg_catalog.=) $3::pg_catalog.text) AS title,
    (SELECT x.quoted FROM texts x WHERE x.attrelid OPERATOR(pg_catalog.=) c.oid
        AND x.attname OPERATOR(pg_catalog.=) $4::pg_catalog.text) AS description,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_column_privilege(c.oid, k.attnum, 'SELECT')
        AND NOT pg_catalog.row_security_active(c.oid) AS is_visible
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name) r
JOIN vectors v ON v.attrelid OPERATOR(pg_catalog.=) c.oid
JOIN keys k ON k.indrelid OPERATOR(pg_catalog.=) c.oid
JOIN pg_catalog.pg_class s ON s.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}') AND NOT c.relispartition
    AND (k.is_named OR NOT EXISTS (SELECT FROM keys o WHERE o.indrelid OPERATOR(pg_catalog.=) c.oid AND o.is_named))
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_class o
        WHERE o.relnamespace OPERATOR(pg_catalog.=) c.relnamespace AND o.relname OPERATOR(pg_catalog.=) s.relname
            AND o.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}') AND o.oid OPERATOR(pg_catalog.<>) s.oid)
ORDER BY r.name, k.attname
