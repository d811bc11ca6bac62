-- Locks the row of a task that is due, or of the one with this id even if it is not due yet, up to the end of the
-- transaction; passes over rows that others are about to claim.
-- $1 name, $2 table, $3 column, $4 keys to leave out, $5 id (NULL: any)
SELECT {TASK}
FROM {BOARD} t
WHERE t.task_name OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND t.table_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
    AND t.column_name OPERATOR(pg_catalog.=) $3::pg_catalog.text AND t.state OPERATOR(pg_catalog.=) 'queued'
    AND t.lock_key OPERATOR(pg_catalog.<>) ALL ($4::int[])
    AND CASE
        WHEN $5::pg_catalog.text IS NULL THEN t.run_after OPERATOR(pg_catalog.<=) pg_catalog.now()
        ELSE t.id OPERATOR(pg_catalog.=) $5::pg_catalog.text::pg_catalog.uuid
    END
ORDER BY t.run_after, t.lock_key
LIMIT 1
FOR UPDATE SKIP LOCKED
