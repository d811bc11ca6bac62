-- Which of the rows that were sent and whose lock the write did not get still wait unchanged: somebody held a lock on those,
-- or row-level security lets this role read them and not update them, which lockable.sql tells apart. The others were
-- edited, deleted, deactivated or written by somebody else.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 keys, $4 fingerprints
SELECT x.id, pg_catalog.row_security_active({TABLE_OID}::pg_catalog.oid) AS is_restricted
FROM ROWS FROM (pg_catalog.unnest($3::{KEY}[]), pg_catalog.unnest($4::pg_catalog.bytea[])) AS x(id, fingerprint)
{BY_KEY}
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED} AND {SAME_TEXT}
