-- Which models the stored vectors came from.
-- $1 vector column
SELECT e.model_fingerprint AS model, count(*) AS rows FROM {STATE} e WHERE e.column_name = $1::text GROUP BY 1
