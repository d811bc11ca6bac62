-- Notes that a row could not be fetched: it is tried again after 2, 4, 8  ... hours, a week at most, some of that at random; after
-- eight times monthly. One that is missing is looked for again after a day, and is gone if it is missing then, too.
-- $1 key, $2 code, $3 whether the source says that it does not exist
UPDATE {FETCH} f SET
    attempts = f.attempts OPERATOR(pg_catalog.+) 1,
    -- What is out of service stays so until its source shows it again.
    error_code = CASE WHEN f.error_code OPERATOR(pg_catalog.=) 'gone' THEN f.error_code ELSE $2::pg_catalog.text END,
    missing_since = CASE WHEN $3::boolean THEN coalesce(f.missing_since, pg_catalog.now()) END,
    next_attempt_at = pg_catalog.now() OPERATOR(pg_catalog.+) CASE
        WHEN $3::boolean THEN interval '1 day'
        WHEN (f.attempts OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.>=) {MOST_ATTEMPTS} THEN interval '30 days'
        ELSE least(interval '1 hour' OPERATOR(pg_catalog.*) pg_catalog.power(2, f.attempts OPERATOR(pg_catalog.+) 1),
                interval '7 days')
            OPERATOR(pg_catalog.*) (0.75 OPERATOR(pg_catalog.+) (0.25 OPERATOR(pg_catalog.*) pg_catalog.random()))
    END
WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) $1::{KEY}
RETURNING f.attempts,
    $3::boolean AND f.missing_since OPERATOR(pg_catalog.<=) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '1 day')
        AS is_gone
