-- What is done to the status.
SELECT d.{STATUS}::text AS status FROM {TABLE} d WHERE d.{STATUS} = {STATUS_VALUE}
