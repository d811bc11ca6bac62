-- Tells applications which model a column holds.
-- $1 table, $2 column, $3 model, $4 fingerprint, $5 dimension
INSERT INTO {CONFIG} AS m (table_name, column_name, model, fingerprint, dimension, changed_at)
VALUES ($1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text, $4::pg_catalog.bytea, $5::int, pg_catalog.now())
ON CONFLICT (table_name, column_name) DO UPDATE
SET model = excluded.model, fingerprint = excluded.fingerprint, dimension = excluded.dimension,
    changed_at = excluded.changed_at
