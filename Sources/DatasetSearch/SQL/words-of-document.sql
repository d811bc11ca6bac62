
        -- Which share of the words a document `x` has, each weighted by its rarity, and how close together they stand.
        SELECT (
                SELECT coalesce(pg_catalog.sum(word.weight) FILTER (
                        WHERE x.document OPERATOR(pg_catalog.@@) word.query), 0)
                    OPERATOR(pg_catalog./) pg_catalog.sum(word.weight)
                FROM word
            ) AS coverage,
            pg_catalog.ts_rank_cd('{0.1,0.2,0.4,1.0}'::pg_catalog.float4[], x.document,
                (SELECT any_word FROM question), 33)::pg_catalog.float8 AS cover_density
    