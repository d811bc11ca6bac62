-- source.sql for a database without encoding (SQL_ASCII), where the server counts bytes: of a column that is too long, the
-- character is left out that the cut would go through, or that would be the first one beyond it.
nullif(concat_ws(' ',
    nullif(btrim(CASE WHEN octet_length(d.{TITLE}) <= 2048 THEN d.{TITLE} ELSE left(d.{TITLE}, 2045)
        || regexp_replace(substr(d.{TITLE}, 2046, 4), E'[^\\x80-\\xBF][\\x80-\\xBF]*$', '') END, E' \t\n\x0b\f\r'), ''),
    nullif(btrim(CASE WHEN octet_length(d.{TITLE}) <= 2048 THEN d.{TITLE} ELSE left(d.{TITLE}, 2045)
        || regexp_replace(substr(d.{TITLE}, 2046, 4), E'[^\\x80-\\xBF][\\x80-\\xBF]*$', '') END, E' \t\n\x0b\f\r'), ''),
    nullif(btrim(CASE WHEN octet_length(d.{DESCRIPTION}) <= 16384 THEN d.{DESCRIPTION} ELSE left(d.{DESCRIPTION}, 16381)
        || regexp_replace(substr(d.{DESCRIPTION}, 16382, 4), E'[^\\x80-\\xBF][\\x80-\\xBF]*$', '') END,
        E' \t\n\x0b\f\r'), '')), '')
