-- Rewrites nothing.
ALTER TABLE {SIDE_TABLE} ADD COLUMN IF NOT EXISTS table_name text NOT NULL DEFAULT '';
