(coalesce(octet_length(d.{TITLE}) > octet_length(left(d.{TITLE}, 2048)), false)
    OR coalesce(octet_length(d.{DESCRIPTION}) > octet_length(left(d.{DESCRIPTION}, 16384)), false))
