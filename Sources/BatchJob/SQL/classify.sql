-- Which of the rows that were sent and not written could still be written: those were locked. The others were edited,
-- deleted, deactivated or written by somebody else.
-- $1 keys, $2 fingerprints
SELECT x.id
FROM unnest($1::{KEY}[], $2::bytea[]) AS x(id, fingerprint)
JOIN {TABLE} d ON d.{ID} = x.id
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
WHERE {ELIGIBLE} AND {TODO} AND {FINGERPRINT} = x.fingerprint
