EXISTS (
        SELECT FROM pg_attribute a
        WHERE a.attrelid = {TABLE_OID}::oid AND a.attnum = {COLUMN_NUMBER} AND a.attname = {COLUMN_LITERAL}
            AND NOT a.attisdropped)
