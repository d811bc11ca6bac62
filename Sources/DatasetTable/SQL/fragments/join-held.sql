LEFT JOIN LATERAL (
    SELECT true AS is_held
    FROM {LEDGER} f
    JOIN {TABLE} d ON d.{ID} OPERATOR({KEY_SCHEMA}.=) f.dataset_id
    CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
    WHERE f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND f.dataset_id OPERATOR({KEY_SCHEMA}.=) page.id
        AND f.model_fingerprint OPERATOR(pg_catalog.=) $1::pg_catalog.bytea AND {HELD_BACK}
    LIMIT 1
) held ON true
