-- What a catalog shows of rows; columns that the table lacks or the role may not read are NULL.
-- $1 keys as text, $2 the most characters of a description (NULL: all)
SELECT d.{ID}::pg_catalog.text AS label, {RECORD_TITLE} AS title,
    CASE WHEN $2::pg_catalog.int4 IS NULL THEN x.description ELSE pg_catalog.left(x.description, $2::pg_catalog.int4) END
        AS description,
    {SOURCE_VALUE} AS source, {RECORD_REFERENCE} AS reference, {RECORD_URL} AS url, {RECORD_CREATED} AS created,
    {RECORD_UPDATED} AS updated, {RECORD_STATUS} AS status, {RECORD_ACTIVE} AS is_active, coalesce({READY}, false) AS is_ready
FROM {TABLE} d
CROSS JOIN LATERAL (SELECT {RECORD_DESCRIPTION} AS description) x
WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) ANY ($1::pg_catalog.text[]::{KEY}[])
