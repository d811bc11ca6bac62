,
noted AS (
    INSERT INTO {STATE} AS e
        (table_name, dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated, tokens_lost)
    SELECT {TABLE_NAME}, x.id, $2::pg_catalog.text, $1::pg_catalog.bytea, x.fingerprint, x.tokens, x.truncated,
        x.tokens_lost
    FROM written JOIN encoded x ON x.id OPERATOR({KEY_SCHEMA}.=) written.id
    ON CONFLICT (table_name, dataset_id, column_name) DO UPDATE
    SET model_fingerprint = excluded.model_fingerprint, source_fingerprint = excluded.source_fingerprint,
    tokens = excluded.tokens, truncated = excluded.truncated, tokens_lost = excluded.tokens_lost,
            embedded_at = pg_catalog.now()
)
