-- The statements that have one column stored as another is: STORAGE, compression, statistics target, options.
-- $1 table, $2 name of the column that has them, $3 name of the column that gets them, $4 bytes of one of its vectors
SELECT pg_catalog.format(
        'ALTER TABLE %I.%I ALTER COLUMN %I %s', n.nspname, c.relname, $3::pg_catalog.text, x.change) AS statement,
    -- A row whose vectors stay in it must fit into a page of 8192 bytes with all its columns.
    NOT (a.attstorage OPERATOR(pg_catalog.=) 'p' AND x.change OPERATOR(pg_catalog.~~) 'SET STORAGE%'
        AND $4::int OPERATOR(pg_catalog.>) 2000) AS is_safe
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_attribute b ON b.attrelid OPERATOR(pg_catalog.=) a.attrelid
    AND b.attname OPERATOR(pg_catalog.=) $3::pg_catalog.text AND NOT b.attisdropped
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN LATERAL (
    VALUES
        (a.attstorage OPERATOR(pg_catalog.<>) b.attstorage,
            'SET STORAGE ' OPERATOR(pg_catalog.||) CASE
                WHEN a.attstorage OPERATOR(pg_catalog.=) 'p' THEN 'PLAIN'
                WHEN a.attstorage OPERATOR(pg_catalog.=) 'e' THEN 'EXTERNAL'
                WHEN a.attstorage OPERATOR(pg_catalog.=) 'm' THEN 'MAIN'
                ELSE 'EXTENDED'
            END),
        (a.attcompression OPERATOR(pg_catalog.<>) b.attcompression,
            'SET COMPRESSION ' OPERATOR(pg_catalog.||) CASE
                WHEN a.attcompression OPERATOR(pg_catalog.=) 'p' THEN 'pglz'
                WHEN a.attcompression OPERATOR(pg_catalog.=) 'l' THEN 'lz4'
                ELSE 'default'
            END),
        (a.attstattarget OPERATOR(pg_catalog.>=) 0, 'SET STATISTICS ' OPERATOR(pg_catalog.||) a.attstattarget),
        (a.attoptions IS NOT NULL,
            'SET (' OPERATOR(pg_catalog.||) pg_catalog.array_to_string(a.attoptions, ', ') OPERATOR(pg_catalog.||) ')')
) AS x(differs, change)
WHERE a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text
    AND NOT a.attisdropped AND x.differs
