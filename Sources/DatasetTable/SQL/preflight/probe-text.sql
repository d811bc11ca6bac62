-- What is done to titles and descriptions.
SELECT pg_catalog.btrim(pg_catalog.left(d.{TEXT}, 2048), E' \t\n\x0b\f\r') AS part,
    pg_catalog.octet_length(d.{TEXT}) AS bytes FROM {TABLE} d
