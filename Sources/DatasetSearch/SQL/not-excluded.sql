
        AND ((SELECT excluded FROM question) IS NULL OR NOT EXISTS (
            SELECT FROM {DOCUMENT} e
            WHERE e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND e.dataset_id OPERATOR({KEY_SCHEMA}.=) d.{ID}
                AND e.document OPERATOR(pg_catalog.@@) (SELECT excluded FROM question)))
