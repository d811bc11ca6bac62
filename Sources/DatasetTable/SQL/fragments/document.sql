-- The words of a row `d` by which it is found, from the columns and lengths that the model's input is made of. "simple" beside
-- "english" keeps names that a list of stop words would eat.
pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english'::pg_catalog.regconfig,
        coalesce(pg_catalog.left(d.{TITLE}, 2048), '')), 'A')
    OPERATOR(pg_catalog.||) pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.simple'::pg_catalog.regconfig,
        coalesce(pg_catalog.left(d.{TITLE}, 2048), '')), 'A')
    OPERATOR(pg_catalog.||) pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.simple'::pg_catalog.regconfig,
        {TAGS_TEXT}), 'B')
    OPERATOR(pg_catalog.||) pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.simple'::pg_catalog.regconfig,
        {ORIGIN_TEXT}), 'C')
    OPERATOR(pg_catalog.||) pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english'::pg_catalog.regconfig,
        coalesce(pg_catalog.left(d.{DESCRIPTION}, 16384), '')), 'D')
