-- The time limits of the role; without any, nothing needs to be set for statements that cannot be in a transaction.
SELECT current_setting('statement_timeout') <> '0' OR current_setting('lock_timeout') <> '0' AS exist
