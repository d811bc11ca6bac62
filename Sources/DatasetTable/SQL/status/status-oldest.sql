-- When the row that has waited longest was created.
SELECT min(d.{CREATED})::timestamptz::text AS oldest FROM {TABLE} d WHERE {ELIGIBLE} AND {SELECTED}
