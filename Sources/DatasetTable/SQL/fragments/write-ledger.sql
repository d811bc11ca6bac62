,
cleared AS (
    DELETE FROM {LEDGER} f USING written WHERE f.dataset_id = written.id AND f.model_fingerprint = $1::bytea
)
