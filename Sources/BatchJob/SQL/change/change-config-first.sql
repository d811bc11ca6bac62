-- Tells applications before the first change which model the column holds, unless they know it already.
-- $1 table, $2 column, $3 model, $4 fingerprint, $5 dimension
INSERT INTO {CONFIG} (table_name, column_name, model, fingerprint, dimension, changed_at)
VALUES ($1::text, $2::text, $3::text, $4::bytea, $5::int, now())
ON CONFLICT (table_name, column_name) DO NOTHING
