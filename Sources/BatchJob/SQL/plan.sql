-- How many rows wait in each of the 64 virtual shards.
SELECT {SHARD} AS shard, count(*) AS pending
FROM {TABLE} d
WHERE {ELIGIBLE} AND {TODO}
GROUP BY 1
