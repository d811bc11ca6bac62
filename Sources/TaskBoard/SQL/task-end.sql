-- Notes the end of a run of a task, unless somebody else has been given the task meanwhile.
-- It is tried again 30 seconds, then two minutes later; of one that was lost, nobody knows when: later than it began.
-- $1 id, $2 attempt, $3 state, $4 exit status, $5 report, $6 error, $7 whether it was lost
UPDATE {BOARD} AS t SET
    state = {NEXT_STATE},
    finished_at = CASE WHEN {NEXT_STATE} OPERATOR(pg_catalog.<>) 'queued' THEN pg_catalog.now() END,
    run_after = CASE
        WHEN {NEXT_STATE} OPERATOR(pg_catalog.=) 'queued' THEN
            CASE WHEN $7::boolean THEN t.started_at ELSE pg_catalog.now() END OPERATOR(pg_catalog.+) (
                interval '30 seconds' OPERATOR(pg_catalog.*)
                    pg_catalog.power(4, t.attempt OPERATOR(pg_catalog.-) 1))
        ELSE t.run_after
    END,
    exit_status = $4::int, report = $5::pg_catalog.text::pg_catalog.jsonb,
    error = $6::pg_catalog.text OPERATOR(pg_catalog.||) CASE
        WHEN t.cancel_requested_at IS NOT NULL OR $3::pg_catalog.text OPERATOR(pg_catalog.<>) 'queued' THEN ''
        WHEN t.attempt OPERATOR(pg_catalog.>=) {MOST_ATTEMPTS} THEN '; it was tried {MOST_ATTEMPTS} times'
        WHEN {HAS_TWIN} THEN '; a later task with the same arguments is queued and goes on in its place'
        ELSE ''
    END
WHERE t.id OPERATOR(pg_catalog.=) $1::pg_catalog.text::pg_catalog.uuid
    AND t.attempt OPERATOR(pg_catalog.=) $2::int AND t.state OPERATOR(pg_catalog.=) 'running'
RETURNING {TASK}
