({SAME_TABLE}
    AND EXISTS (
        SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid OPERATOR(pg_catalog.=) {TABLE_OID}::pg_catalog.oid
            AND a.attnum OPERATOR(pg_catalog.=) {COLUMN_NUMBER} AND a.attname OPERATOR(pg_catalog.=) {COLUMN_LITERAL}
            AND NOT a.attisdropped))
