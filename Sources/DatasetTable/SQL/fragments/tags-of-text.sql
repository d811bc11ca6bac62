coalesce(pg_catalog.left(d.{TAGS}::pg_catalog.text, 6400), '')
