-- Whether the role, the database or the client sets what does not suit statements that cannot be in a transaction; without
-- any of it, nothing needs to be set. What the session began with, since this very transaction has limits of its own.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_settings s
    WHERE s.name OPERATOR(pg_catalog.=)
        ANY ('{statement_timeout,lock_timeout,transaction_timeout,default_transaction_read_only}'::pg_catalog.text[])
        AND s.reset_val OPERATOR(pg_catalog.<>) ALL ('{0,off}'::pg_catalog.text[])) AS exist
