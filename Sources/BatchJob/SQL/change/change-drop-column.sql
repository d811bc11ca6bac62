-- Indexes on the column go with it. Its space is given back as rows are rewritten.
ALTER TABLE {TABLE} DROP COLUMN {RETIRED}
