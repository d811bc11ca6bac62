-- Which of the rows that were sent and not written could still be written: those were locked. The others were edited,
-- deleted, deactivated or written by somebody else.
-- $1 model fingerprint, $2 the column's name in embedding_state, $3 keys, $4 fingerprints
SELECT x.id
FROM unnest($3::{KEY}[], $4::bytea[]) AS x(id, fingerprint)
JOIN {TABLE} d ON d.{ID} = x.id
CROSS JOIN LATERAL (SELECT {SOURCE} AS source) s
{JOIN}
WHERE {ELIGIBLE} AND {SELECTED} AND {FINGERPRINT} = x.fingerprint
