-- source.sql for a database without encoding (SQL_ASCII), where the server counts bytes: of a column that is too long, the
-- character is left out that the cut would go through, or that would be the first one beyond it.
pg_catalog.array_to_string(pg_catalog.array_remove(ARRAY[
    pg_catalog.btrim(CASE
        WHEN pg_catalog.octet_length(d.{TITLE}) OPERATOR(pg_catalog.<=) 2048 THEN d.{TITLE}
        ELSE pg_catalog.left(d.{TITLE}, 2045) OPERATOR(pg_catalog.||) pg_catalog.regexp_replace(
            pg_catalog.substr(d.{TITLE}, 2046, 4), E'[^\\x80-\\xBF][\\x80-\\xBF]*$', '')
    END, E' \t\n\x0b\f\r'),
    pg_catalog.btrim(CASE
        WHEN pg_catalog.octet_length(d.{TITLE}) OPERATOR(pg_catalog.<=) 2048 THEN d.{TITLE}
        ELSE pg_catalog.left(d.{TITLE}, 2045) OPERATOR(pg_catalog.||) pg_catalog.regexp_replace(
            pg_catalog.substr(d.{TITLE}, 2046, 4), E'[^\\x80-\\xBF][\\x80-\\xBF]*$', '')
    END, E' \t\n\x0b\f\r'),
    pg_catalog.btrim(CASE
        WHEN pg_catalog.octet_length(d.{DESCRIPTION}) OPERATOR(pg_catalog.<=) 16384 THEN d.{DESCRIPTION}
        ELSE pg_catalog.left(d.{DESCRIPTION}, 16381) OPERATOR(pg_catalog.||) pg_catalog.regexp_replace(
            pg_catalog.substr(d.{DESCRIPTION}, 16382, 4), E'[^\\x80-\\xBF][\\x80-\\xBF]*$', '')
    END, E' \t\n\x0b\f\r')] COLLATE pg_catalog."C", ''), ' ')
