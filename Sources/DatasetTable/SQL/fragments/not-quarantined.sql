AND NOT EXISTS (
        SELECT FROM {LEDGER} f
        WHERE f.table_name = {TABLE_NAME} AND f.dataset_id = d.{ID} AND f.model_fingerprint = $1::bytea
            AND f.next_attempt_at > now() AND f.source_fingerprint = {FINGERPRINT})
