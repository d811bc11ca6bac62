-- When the row that has waited longest was created.
SELECT pg_catalog.min(d.{CREATED})::pg_catalog.text AS oldest FROM {TABLE} d WHERE {ELIGIBLE} AND {SELECTED}
