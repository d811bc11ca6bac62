-- What the role sets that does not suit statements that cannot be in a transaction; without any of it, nothing needs to be set.
SELECT EXISTS (
    SELECT FROM pg_catalog.unnest(
        '{statement_timeout,lock_timeout,transaction_timeout,default_transaction_read_only}'::pg_catalog.text[])
        AS s(name)
    WHERE pg_catalog.current_setting(s.name, true) OPERATOR(pg_catalog.<>) ALL ('{0,off}')) AS exist
