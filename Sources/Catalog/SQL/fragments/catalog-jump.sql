(v.{PRESENT} IS NOT NULL AND (t.{PRESENT} IS NULL
            OR pg_catalog.abs(v.{PRESENT} OPERATOR(pg_catalog.-) t.{PRESENT})
                OPERATOR(pg_catalog.>=) greatest(10, 0.02 OPERATOR(pg_catalog.*) t.{PRESENT})))
