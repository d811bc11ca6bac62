-- Makes rows of datasets that none is known of. One that somebody else has made meanwhile is not returned.
-- Parameters as in catalog-find; $4 has no keys.
WITH x AS MATERIALIZED (SELECT * FROM {INPUT})
INSERT INTO {TABLE} ({COLUMNS_TOLD}, {ORIGIN}, {SOURCE_REF}, {STATUS}, {ACTIVE}, {CREATED}, updated_at)
SELECT {INSERTED}, $3::pg_catalog.text::{ORIGIN_TYPE}, x.ref::{REF_TYPE},
    CASE
        WHEN x.is_final OR x.description OPERATOR(pg_catalog.<>) '' THEN {STATUS_VALUE}::{STATUS_TYPE}
        ELSE 'pending'::{STATUS_TYPE}
    END,
    x.is_active, {CREATED_NOW}, {NOW}
FROM x
ORDER BY x.ref
ON CONFLICT DO NOTHING
RETURNING {ID} AS id, {SOURCE_REF}::pg_catalog.text AS ref
