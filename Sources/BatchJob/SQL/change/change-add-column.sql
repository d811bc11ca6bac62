-- Rewrites nothing and takes no time once it has its lock.
ALTER TABLE {TABLE} ADD COLUMN {NEXT} {NEXT_TYPE}
