ROWS FROM (
        pg_catalog.unnest($4::{KEY}[]), pg_catalog.unnest($5::boolean[]), pg_catalog.unnest($6::pg_catalog.text[]),
        pg_catalog.unnest($7::pg_catalog.text[]), pg_catalog.unnest($8::pg_catalog.text[]),
        pg_catalog.unnest($9::pg_catalog.text[]), pg_catalog.unnest($10::boolean[]), pg_catalog.unnest($11::pg_catalog.text[]),
        pg_catalog.unnest($12::pg_catalog.text[]), pg_catalog.unnest($13::pg_catalog.text[]),
        pg_catalog.unnest($14::pg_catalog.text[]), pg_catalog.unnest($15::pg_catalog.text[]),
        pg_catalog.unnest($16::pg_catalog.text[]), pg_catalog.unnest($17::pg_catalog.text[]),
        pg_catalog.unnest($18::pg_catalog.text[]), pg_catalog.unnest($19::pg_catalog.text[]),
        pg_catalog.unnest($20::pg_catalog.text[]), pg_catalog.unnest($21::boolean[])
    ) WITH ORDINALITY AS x(id, was_gone, ref, upstream_id, title, description, is_final, url, downloads, views, likes,
        usability, license, tags, size, created, updated, is_active, n)
