coalesce(pg_catalog.left(d.{ORIGIN}::pg_catalog.text, 200), '')
