,
noted AS (
    INSERT INTO {STATE} AS e (dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated)
    SELECT x.id, $2::text, $1::bytea, x.fingerprint, x.tokens, x.truncated FROM written JOIN encoded x USING (id)
    ON CONFLICT (dataset_id, column_name) DO UPDATE
    SET model_fingerprint = excluded.model_fingerprint, source_fingerprint = excluded.source_fingerprint,
        tokens = excluded.tokens, truncated = excluded.truncated, embedded_at = now()
)
