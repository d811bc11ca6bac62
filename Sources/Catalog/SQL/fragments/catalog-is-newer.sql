($1::boolean OR t.source_updated_at IS NULL
                OR coalesce(x.updated::pg_catalog.timestamptz OPERATOR(pg_catalog.>) t.source_updated_at, false))
