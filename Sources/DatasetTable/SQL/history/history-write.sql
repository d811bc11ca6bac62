-- Notes a run that has ended.
-- $1 table, $2 column, $3 command, $4 runner, $5 seconds that it took, $6 exit status, $7 exit reason, $8 the line of JSON
INSERT INTO {HISTORY} (table_name, column_name, command, runner, started_at, exit_status, exit_reason, report)
VALUES ($1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text, $4::pg_catalog.text,
    pg_catalog.now() OPERATOR(pg_catalog.-) (interval '1 second' OPERATOR(pg_catalog.*) $5::pg_catalog.float8),
    $6::int, $7::pg_catalog.text, $8::pg_catalog.text::pg_catalog.jsonb)
