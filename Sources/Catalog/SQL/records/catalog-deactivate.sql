-- Takes rows out of service that their source no longer shows. Those whose text is edited meanwhile are not touched otherwise.
-- $1 keys
WITH locked AS MATERIALIZED (
    SELECT t.{ID} AS id FROM {TABLE} t
    WHERE t.{ID} OPERATOR({KEY_SCHEMA}.=) ANY ($1::{KEY}[]) AND t.{ACTIVE}
    ORDER BY t.{ID}
    FOR NO KEY UPDATE OF t
)
UPDATE {TABLE} t SET {ACTIVE} = false, updated_at = {NOW}
FROM locked l
WHERE t.{ID} OPERATOR({KEY_SCHEMA}.=) l.id
RETURNING t.{ID} AS id
