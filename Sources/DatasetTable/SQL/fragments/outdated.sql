d.{COLUMN} IS NOT NULL AND (e.model_fingerprint OPERATOR(pg_catalog.<>) $1::pg_catalog.bytea
        OR e.source_fingerprint OPERATOR(pg_catalog.<>) {FINGERPRINT}{OR_UNKNOWN})
