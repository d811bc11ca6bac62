-- Notes where a task of a source goes on.
-- $1 source, $2 task, $3 cursor, $4 watermark, $5 next watermark (seconds), $6 file, $7 offset
INSERT INTO {CURSOR} AS c
    (table_name, source, task, cursor, watermark, next_watermark, file_name, byte_offset)
VALUES ({TABLE_NAME}, $1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text,
    pg_catalog.to_timestamp($4::pg_catalog.text::pg_catalog.float8),
    pg_catalog.to_timestamp($5::pg_catalog.text::pg_catalog.float8), $6::pg_catalog.text, $7::bigint)
ON CONFLICT (table_name, source, task) DO UPDATE SET
    cursor = excluded.cursor, watermark = excluded.watermark, next_watermark = excluded.next_watermark,
    file_name = excluded.file_name, byte_offset = excluded.byte_offset, updated_at = pg_catalog.now()
