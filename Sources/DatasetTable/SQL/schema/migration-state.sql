-- What tables of earlier versions lack. Rewrites nothing.
ALTER TABLE {SIDE_TABLE} ADD COLUMN IF NOT EXISTS table_name text NOT NULL DEFAULT '';
ALTER TABLE {SIDE_TABLE} ADD COLUMN IF NOT EXISTS tokens_lost int NOT NULL DEFAULT 0;
