-- Forgets failures of the table, so that the next run tries these rows again. Says how many, and for which keys none is known,
-- one row for each such key and at least one.
-- $1 keys as text (NULL: all)
WITH gone AS (
    DELETE FROM {LEDGER} f
    WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
        AND ($1::pg_catalog.text[] IS NULL
            OR f.dataset_id OPERATOR({KEY_SCHEMA}.=) ANY ($1::pg_catalog.text[]::{KEY}[]))
    RETURNING f.dataset_id
)
SELECT g.failures, x.key
FROM (SELECT pg_catalog.count(*) AS failures FROM gone) g
LEFT JOIN (
    SELECT k.key FROM pg_catalog.unnest($1::pg_catalog.text[]) AS k(key)
    WHERE NOT EXISTS (SELECT FROM gone WHERE gone.dataset_id OPERATOR({KEY_SCHEMA}.=) k.key::{KEY})
) x ON true
