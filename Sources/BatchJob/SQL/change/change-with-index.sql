SET LOCAL enable_indexscan = on;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
