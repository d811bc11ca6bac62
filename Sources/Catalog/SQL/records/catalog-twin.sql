-- Two rows are one dataset: one that is in service stays, or one that has a vector, or the older one; the other one goes out of
-- service and gives its reference up.
-- $1, $2 their keys
UPDATE {TABLE} t SET {SOURCE_REF} = NULL, {ACTIVE} = false, updated_at = {NOW}
WHERE t.{ID} OPERATOR({KEY_SCHEMA}.=) (
    SELECT d.{ID} FROM {TABLE} d
    WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) ANY (ARRAY[$1::{KEY}, $2::{KEY}])
    ORDER BY d.{ACTIVE} DESC, (d.{COLUMN} IS NOT NULL) DESC, d.{ID}
    LIMIT 1 OFFSET 1)
RETURNING t.{ID} AS id
