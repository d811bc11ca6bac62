-- An index of the table by name; one that is not valid was left behind by a build that did not end.
-- $1 table, $2 name
SELECT pg_catalog.format('%I.%I', n.nspname, r.relname) AS quoted, i.indisvalid AND i.indisready AS is_valid,
    EXISTS (
        SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid OPERATOR(pg_catalog.=) r.oid
            AND p.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) AS is_being_built
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
WHERE i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND r.relname OPERATOR(pg_catalog.=) $2::pg_catalog.text
