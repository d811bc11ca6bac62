-- The statements that have one column stored as another is: STORAGE, compression, statistics target, options.
-- $1 table, $2 name of the column that has them, $3 name of the column that gets them, $4 bytes of one of its vectors
SELECT pg_catalog.format('ALTER TABLE %I.%I ALTER COLUMN %I %s', n.nspname, c.relname, $3::text, x.change) AS statement,
    -- A row whose vectors stay in it must fit into a page of 8192 bytes with all its columns.
    NOT (a.attstorage = 'p' AND x.change LIKE 'SET STORAGE%' AND $4::int > 2000) AS is_safe
FROM pg_attribute a
JOIN pg_attribute b ON b.attrelid = a.attrelid AND b.attname = $3::text AND NOT b.attisdropped
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    VALUES
        (a.attstorage <> b.attstorage,
            'SET STORAGE '
                || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END),
        (a.attcompression <> b.attcompression,
            'SET COMPRESSION ' || CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE 'default' END),
        (a.attstattarget >= 0, 'SET STATISTICS ' || a.attstattarget),
        (a.attoptions IS NOT NULL, 'SET (' || pg_catalog.array_to_string(a.attoptions, ', ') || ')')
) AS x(differs, change)
WHERE a.attrelid = $1::oid AND a.attname = $2::text AND NOT a.attisdropped AND x.differs
