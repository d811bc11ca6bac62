-- What the role sets that does not suit statements that cannot be in a transaction; without any of it, nothing needs to be set.
SELECT EXISTS (
    SELECT FROM unnest(ARRAY['statement_timeout', 'lock_timeout', 'transaction_timeout', 'default_transaction_read_only'])
        AS s(name)
    WHERE current_setting(s.name, true) NOT IN ('0', 'off')) AS exist
