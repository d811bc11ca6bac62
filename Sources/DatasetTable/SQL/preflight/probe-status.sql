-- What is done to the status.
SELECT d.{STATUS}::pg_catalog.text AS status FROM {TABLE} d WHERE d.{STATUS} OPERATOR({STATUS_SCHEMA}.=) {STATUS_VALUE}
