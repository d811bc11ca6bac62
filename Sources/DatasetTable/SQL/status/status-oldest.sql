-- When the row that has waited longest was created.
SELECT min(d.{CREATED})::text AS oldest FROM {TABLE} d WHERE {ELIGIBLE} AND {SELECTED}
