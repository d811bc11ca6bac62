-- Rows by status.
SELECT coalesce(d.{STATUS}::text, '') AS status, count(*) AS rows,
    count(*) FILTER (WHERE {ELIGIBLE}) AS eligible,
    count(*) FILTER (WHERE {ELIGIBLE} AND d.{COLUMN} IS NOT NULL) AS embedded
FROM {TABLE} d
GROUP BY 1
ORDER BY 1
