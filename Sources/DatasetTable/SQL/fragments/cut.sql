(coalesce(pg_catalog.octet_length(d.{TITLE})
        OPERATOR(pg_catalog.>) pg_catalog.octet_length(pg_catalog.left(d.{TITLE}, 2048)), false)
    OR coalesce(pg_catalog.octet_length(d.{DESCRIPTION})
        OPERATOR(pg_catalog.>) pg_catalog.octet_length(pg_catalog.left(d.{DESCRIPTION}, 16384)), false))
