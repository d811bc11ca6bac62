-- An index of the table by name; one that is not valid was left behind by a build that did not end.
-- $1 table, $2 name
SELECT format('%I.%I', n.nspname, r.relname) AS quoted, i.indisvalid AND i.indisready AS is_valid,
    EXISTS (
        SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = r.oid AND p.datname = current_database()) AS is_being_built
FROM pg_index i
JOIN pg_class r ON r.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE i.indrelid = $1::oid AND r.relname = $2::text
