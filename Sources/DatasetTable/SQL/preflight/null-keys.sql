-- Whether rows wait that have no key, so that nothing could be written to them. The key's index finds them.
SELECT EXISTS (
    SELECT FROM {TABLE} d
    WHERE d.{ID} IS NULL AND d.{STATUS} OPERATOR({STATUS_SCHEMA}.=) {STATUS_VALUE} AND d.{ACTIVE}
        AND d.{COLUMN} IS NULL) AS exist
