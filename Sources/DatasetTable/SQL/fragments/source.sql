nullif(concat_ws(' ',
    nullif(btrim(left(d.{TITLE}, 2048), E' \t\n\x0b\f\r'), ''),
    nullif(btrim(left(d.{TITLE}, 2048), E' \t\n\x0b\f\r'), ''),
    nullif(btrim(left(d.{DESCRIPTION}, 16384), E' \t\n\x0b\f\r'), '')), '')
