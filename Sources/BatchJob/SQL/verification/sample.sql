-- Keys in an order that looks random and is the same for the same seed. Keys only: the sort then carries no vectors.
-- $1 seed, $2 most rows
SELECT d.{ID} AS id
FROM {TABLE} d
WHERE {ELIGIBLE} AND {SELECTED}
ORDER BY pg_catalog.hashtextextended(d.{ID}::pg_catalog.text, $1::bigint), d.{ID}
LIMIT $2::int
