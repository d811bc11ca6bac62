pg_catalog.array_to_string(pg_catalog.array_remove(ARRAY[
    pg_catalog.btrim(pg_catalog.left(d.{TITLE}, 2048), E' \t\n\x0b\f\r'),
    pg_catalog.btrim(pg_catalog.left(d.{TITLE}, 2048), E' \t\n\x0b\f\r'),
    pg_catalog.btrim(pg_catalog.left(d.{DESCRIPTION}, 16384), E' \t\n\x0b\f\r')] COLLATE pg_catalog."C", ''), ' ')
