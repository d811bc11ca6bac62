-- Where a task of a source goes on.
-- $1 source, $2 task
SELECT c.cursor, c.file_name, c.byte_offset,
    pg_catalog.date_part('epoch', c.watermark) AS watermark,
    pg_catalog.date_part('epoch', c.next_watermark) AS next_watermark,
    pg_catalog.date_part('epoch', pg_catalog.now() OPERATOR(pg_catalog.-) c.updated_at) AS age
FROM {CURSOR} c
WHERE c.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND c.source OPERATOR(pg_catalog.=) $1::pg_catalog.text
    AND c.task OPERATOR(pg_catalog.=) $2::pg_catalog.text
