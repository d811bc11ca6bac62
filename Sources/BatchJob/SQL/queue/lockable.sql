-- Which of some rows this role may lock, and so update, by row-level security. Fails at once with 55P03 if somebody holds a
-- lock on one that it may; those that it may not are left out, whoever has locked them.
-- $1 keys
SELECT d.{ID} AS id FROM {TABLE} d WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) ANY ($1::{KEY}[]) FOR NO KEY UPDATE OF d NOWAIT
