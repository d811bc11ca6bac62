-- Remembers rows that were blamed: the pause doubles with every attempt at the same text, from half an hour to a week; a
-- row without text, or whose bytes are not text, waits a week at once. An edit makes the row eligible at once, because its
-- fingerprint differs.
-- A row that could not be read has an empty fingerprint, so that nothing is known of edits.
-- A row that the ledger holds back already stays as it is: this is the repetition of a statement whose COMMIT succeeded
-- unnoticed, or another process has blamed the row in the meantime.
-- $1 model fingerprint, $2 keys, $3 fingerprints, $4 classes, $5 codes
INSERT INTO {LEDGER} AS f
    (table_name, dataset_id, model_fingerprint, source_fingerprint, error_class, error_code, next_attempt_at)
SELECT {TABLE_NAME}, x.id, $1::pg_catalog.bytea, x.fingerprint, x.class, x.code,
    pg_catalog.now() OPERATOR(pg_catalog.+) CASE
        WHEN x.class OPERATOR(pg_catalog.=) ANY ('{EMPTY,ENCODING}') THEN interval '7 days' ELSE interval '30 minutes'
    END
FROM ROWS FROM (
    pg_catalog.unnest($2::{KEY}[]), pg_catalog.unnest($3::pg_catalog.bytea[]), pg_catalog.unnest($4::pg_catalog.text[]),
    pg_catalog.unnest($5::pg_catalog.text[])) AS x(id, fingerprint, class, code)
ON CONFLICT (table_name, dataset_id, model_fingerprint) DO UPDATE SET
    attempts = CASE
        WHEN f.source_fingerprint OPERATOR(pg_catalog.=) excluded.source_fingerprint
            THEN f.attempts OPERATOR(pg_catalog.+) 1
        ELSE 1
    END,
    first_failed_at = CASE
        WHEN f.source_fingerprint OPERATOR(pg_catalog.=) excluded.source_fingerprint THEN f.first_failed_at
        ELSE pg_catalog.now()
    END,
    source_fingerprint = excluded.source_fingerprint,
    error_class = excluded.error_class,
    error_code = excluded.error_code,
    last_failed_at = pg_catalog.now(),
    next_attempt_at = greatest(excluded.next_attempt_at, pg_catalog.now() OPERATOR(pg_catalog.+) least(
        interval '7 days',
        interval '30 minutes' OPERATOR(pg_catalog.*) pg_catalog.power(2, CASE
            WHEN f.source_fingerprint OPERATOR(pg_catalog.=) excluded.source_fingerprint THEN least(f.attempts, 12)
            ELSE 0
        END)))
WHERE f.source_fingerprint OPERATOR(pg_catalog.<>) excluded.source_fingerprint
    OR f.next_attempt_at OPERATOR(pg_catalog.<=) pg_catalog.now()
