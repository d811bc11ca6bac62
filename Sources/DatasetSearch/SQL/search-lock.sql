-- Locks the table, so that its column means the same up to the end of the transaction, and says whether it still means what
-- the catalog said before. LOCK TABLE would need a right to the whole table.
SELECT {SAME_COLUMN} AS is_same
FROM (VALUES (1)) AS one(number)
LEFT JOIN (SELECT FROM {TABLE} LIMIT 0) d ON true
