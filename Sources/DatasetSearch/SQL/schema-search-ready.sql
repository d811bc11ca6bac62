-- Whether a row can be found: the one condition of every search.
CREATE OR REPLACE FUNCTION {READY_FUNCTION}(d {TABLE}) RETURNS boolean LANGUAGE sql STABLE
AS $embedding_job$SELECT {READY}$embedding_job$;
