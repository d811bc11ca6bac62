-- Forgets failures, so that the next run tries these rows again.
-- $1 keys as text (NULL: all)
DELETE FROM {LEDGER} f WHERE $1::text[] IS NULL OR f.dataset_id::text = ANY($1::text[])
