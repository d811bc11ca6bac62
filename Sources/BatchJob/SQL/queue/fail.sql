-- Remembers rows that were blamed: the pause doubles with every attempt at the same text, from half an hour to a week; a
-- row without text, or whose bytes are not text, waits a week at once. An edit makes the row eligible at once, because its
-- fingerprint differs.
-- A row that the ledger holds back already stays as it is: this is the repetition of a statement whose COMMIT succeeded
-- unnoticed, or another process has blamed the row in the meantime.
-- $1 model fingerprint, $2 keys, $3 fingerprints, $4 classes, $5 codes
INSERT INTO {LEDGER} AS f
    (table_name, dataset_id, model_fingerprint, source_fingerprint, error_class, error_code, next_attempt_at)
SELECT {TABLE_NAME}, x.id, $1::bytea, x.fingerprint, x.class, x.code,
    now() + CASE WHEN x.class IN ('EMPTY', 'ENCODING') THEN interval '7 days' ELSE interval '30 minutes' END
FROM unnest($2::{KEY}[], $3::bytea[], $4::text[], $5::text[]) AS x(id, fingerprint, class, code)
ON CONFLICT (table_name, dataset_id, model_fingerprint) DO UPDATE SET
    attempts = CASE WHEN f.source_fingerprint = excluded.source_fingerprint THEN f.attempts + 1 ELSE 1 END,
    first_failed_at =
        CASE WHEN f.source_fingerprint = excluded.source_fingerprint THEN f.first_failed_at ELSE now() END,
    source_fingerprint = excluded.source_fingerprint,
    error_class = excluded.error_class,
    error_code = excluded.error_code,
    last_failed_at = now(),
    next_attempt_at = greatest(excluded.next_attempt_at, now() + least(interval '7 days', interval '30 minutes' * power(2,
        CASE WHEN f.source_fingerprint = excluded.source_fingerprint THEN least(f.attempts, 12) ELSE 0 END)))
WHERE f.source_fingerprint <> excluded.source_fingerprint OR f.next_attempt_at <= now()
