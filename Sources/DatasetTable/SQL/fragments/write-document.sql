,
documented AS (
    INSERT INTO {DOCUMENT} AS e (table_name, dataset_id, source_fingerprint, extras_hash, document)
    SELECT {TABLE_NAME}, x.id, x.fingerprint, unchanged.extras_hash, unchanged.document
    FROM written JOIN encoded x ON x.id OPERATOR({KEY_SCHEMA}.=) written.id
    JOIN unchanged ON unchanged.id OPERATOR({KEY_SCHEMA}.=) written.id
    ON CONFLICT (table_name, dataset_id) DO UPDATE
    SET source_fingerprint = excluded.source_fingerprint, extras_hash = excluded.extras_hash, document = excluded.document
)
