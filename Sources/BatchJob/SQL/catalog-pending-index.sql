-- Whether a partial index finds pending rows without reading the table.
-- $1 table, $2 key column, $3 vector column
SELECT EXISTS (
    SELECT FROM pg_index i
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.indnkeyatts - 1]
    WHERE i.indrelid = $1::oid AND i.indisvalid AND a.attname = $2::text
        AND pg_get_expr(i.indpred, i.indrelid) LIKE '%' || quote_ident($3::text) || ' IS NULL%') AS found
