-- Whether the role, the database or the client sets what does not suit statements that cannot be in a transaction; without
-- any of it, nothing needs to be set. What the session began with, since this very transaction has limits of its own.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_settings s
    WHERE s.name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'default_transaction_read_only')
        AND s.reset_val NOT IN ('0', 'off')) AS exist
