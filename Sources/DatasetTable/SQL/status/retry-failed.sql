-- Forgets failures of the table, so that the next run tries these rows again.
-- $1 keys as text (NULL: all)
DELETE FROM {LEDGER} f
WHERE f.table_name = {TABLE_NAME} AND ($1::text[] IS NULL OR f.dataset_id::text = ANY($1::text[]))
