-- Removes documents whose row is gone. Where policies may hide rows from this role, none can be said to be gone.
DELETE FROM {DOCUMENT} e
WHERE e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND {SAME_TABLE}
    AND NOT pg_catalog.row_security_active({TABLE_OID}::pg_catalog.oid)
    AND NOT EXISTS (SELECT FROM {TABLE} d WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) e.dataset_id)
RETURNING e.dataset_id AS id
