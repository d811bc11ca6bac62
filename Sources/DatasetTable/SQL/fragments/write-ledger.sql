,
cleared AS (
    DELETE FROM {LEDGER} f USING written
    WHERE f.table_name = {TABLE_NAME} AND f.dataset_id = written.id AND f.model_fingerprint = $1::bytea
)
