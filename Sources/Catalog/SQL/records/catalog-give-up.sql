-- A row gives its reference up, which another dataset has now; it gets its own when its source tells it.
-- $1 its key
UPDATE {TABLE} t SET {SOURCE_REF} = NULL, updated_at = {NOW} WHERE t.{ID} OPERATOR({KEY_SCHEMA}.=) $1::{KEY}
