-- Rows by status.
SELECT coalesce(d.{STATUS}::pg_catalog.text, '') AS status, pg_catalog.count(*) AS rows,
    pg_catalog.count(*) FILTER (WHERE {ELIGIBLE}) AS eligible,
    pg_catalog.count(*) FILTER (WHERE {READY}) AS embedded
FROM {TABLE} d
GROUP BY 1
ORDER BY 1
