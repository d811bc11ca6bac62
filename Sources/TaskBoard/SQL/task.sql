-- What is known of a task `t`; points in time as ISO 8601 writes them.
t.id::pg_catalog.text AS id, t.lock_key, t.task_name, t.table_name, t.column_name,
    t.arguments::pg_catalog.text AS arguments, t.state, t.attempt,
    pg_catalog.to_char(t.run_after AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS run_after,
    pg_catalog.to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at,
    pg_catalog.to_char(t.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS started_at,
    pg_catalog.to_char(t.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS finished_at,
    pg_catalog.to_char(t.cancel_requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        AS cancel_requested_at,
    t.runner, t.exit_status, t.report::pg_catalog.text AS report, t.error
