-- What is done to titles and descriptions.
SELECT btrim(left(d.{TEXT}, 2048), E' \t\n\x0b\f\r') AS part, octet_length(d.{TEXT}) AS bytes FROM {TABLE} d
