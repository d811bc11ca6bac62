-- How far the table has come, for dashboards. The function's body is a text, so that it follows the column's name through a change
-- of the model; a view of the column itself would stay with the old one. It reads the whole table, with the rights of who asks.
CREATE OR REPLACE FUNCTION {SCHEMA}{COVERAGE}_now() RETURNS TABLE (
    eligible bigint, embedded bigint, pending bigint, coverage double precision, oldest_pending timestamptz,
    oldest_pending_age interval
) LANGUAGE sql STABLE AS $embedding_job$
    SELECT c.eligible, c.embedded, c.eligible OPERATOR(pg_catalog.-) c.embedded,
        CASE WHEN c.eligible OPERATOR(pg_catalog.>) 0
            THEN c.embedded::pg_catalog.float8 OPERATOR(pg_catalog./) c.eligible::pg_catalog.float8 ELSE 1 END,
        c.oldest, pg_catalog.now() OPERATOR(pg_catalog.-) c.oldest
    FROM (
        SELECT pg_catalog.count(*) FILTER (WHERE {ELIGIBLE}) AS eligible,
            pg_catalog.count(*) FILTER (WHERE {READY}) AS embedded,
            pg_catalog.min({AGE}) FILTER (WHERE {ELIGIBLE} AND d.{COLUMN} IS NULL) AS oldest
        FROM {TABLE} d
    ) c
$embedding_job$;
CREATE OR REPLACE VIEW {SCHEMA}{COVERAGE} AS SELECT * FROM {SCHEMA}{COVERAGE}_now();
