coalesce((
        SELECT pg_catalog.string_agg(pg_catalog.left(tag::pg_catalog.text, 100), ' ' ORDER BY place)
        FROM pg_catalog.unnest(d.{TAGS}) WITH ORDINALITY AS t(tag, place)
        WHERE place OPERATOR(pg_catalog.<=) 64), '')
