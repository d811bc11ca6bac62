pg_catalog.to_regclass({TABLE_NAME}) OPERATOR(pg_catalog.=) {TABLE_OID}::pg_catalog.oid
