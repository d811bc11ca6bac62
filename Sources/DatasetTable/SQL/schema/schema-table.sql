-- Every column but the title may be left out of an INSERT; a count that nobody has told is NULL, not 0. `embedding` has the model's dimension.
CREATE TABLE IF NOT EXISTS {TABLE} (
    {ID} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    {TITLE} text NOT NULL,
    {DESCRIPTION} text,
    source text,
    source_url text,
    download_count bigint,
    view_count bigint,
    {STATUS} text NOT NULL DEFAULT 'pending',
    {ACTIVE} boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    {COLUMN} {VECTOR_SCHEMA}vector({DIMENSION})
);
