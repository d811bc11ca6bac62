-- What could not be embedded, by class and code.
CREATE OR REPLACE VIEW {SCHEMA}{FAILURES} AS
SELECT f.error_class, f.error_code, pg_catalog.count(*) AS rows, pg_catalog.max(f.attempts) AS attempts,
    pg_catalog.min(f.first_failed_at) AS first_failed_at, pg_catalog.max(f.last_failed_at) AS last_failed_at,
    pg_catalog.min(f.next_attempt_at) AS next_attempt_at
FROM {LEDGER} f
WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
GROUP BY 1, 2;
