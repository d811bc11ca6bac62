-- What stands before the first slash, as in owner/name.
coalesce(pg_catalog.left(substring(d.{SOURCE_REF}::pg_catalog.text FROM '^([^/]+)/'), 200), '')
