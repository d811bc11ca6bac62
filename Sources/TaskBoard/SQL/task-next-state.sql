-- What becomes of a task `t` whose run has ended; $3 is the state that the run's end stands for, and 'queued' if it may be
-- tried again. There is one queued task at most with the same arguments: where another waits, that one goes on in its place.
CASE
        WHEN t.cancel_requested_at IS NOT NULL THEN 'cancelled'
        WHEN $3::pg_catalog.text OPERATOR(pg_catalog.<>) 'queued' THEN $3::pg_catalog.text
        WHEN t.attempt OPERATOR(pg_catalog.>=) {MOST_ATTEMPTS} THEN 'failed'
        WHEN {HAS_TWIN} THEN 'failed'
        ELSE 'queued'
    END
