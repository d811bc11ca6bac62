-- Compared only where the key is the same: as a clause of the join of its own it could be asked of every row of the table,
-- one that cannot be read among them.
CASE WHEN d.{ID} OPERATOR({KEY_SCHEMA}.=) x.id THEN {FINGERPRINT} OPERATOR(pg_catalog.=) x.fingerprint END
