-- Two rows are one dataset: the older one stays, the other one goes out of service and gives its reference up.
-- $1, $2 their keys
UPDATE {TABLE} t SET {SOURCE_REF} = NULL, {ACTIVE} = false, updated_at = {NOW}
WHERE t.{ID} OPERATOR({KEY_SCHEMA}.=) ANY (ARRAY[$1::{KEY}, $2::{KEY}])
    AND t.{ID} OPERATOR({KEY_SCHEMA}.=) CASE WHEN $1::{KEY} OPERATOR({KEY_SCHEMA}.>) $2::{KEY} THEN $1::{KEY} ELSE $2::{KEY} END
RETURNING t.{ID} AS id
