SELECT w.*,
        -- A vector is of the text that the job composes, and of nothing else.
        CASE
            WHEN $2::boolean OR ROW({PRESENT_TEXT})::pg_catalog.record
                OPERATOR(pg_catalog.*=) ROW({TEXT_OF_W})::pg_catalog.record THEN t.{COLUMN}
        END AS vector
    FROM (SELECT
        {TOLD},
        CASE WHEN t.{SOURCE_REF} IS NULL OR {IS_NEWER} THEN x.ref::{REF_TYPE} ELSE t.{SOURCE_REF}::{REF_TYPE} END AS {SOURCE_REF},
        CASE
            WHEN t.{STATUS}::pg_catalog.text OPERATOR(pg_catalog.=) ANY ('{pending,failed}')
                AND (x.is_final OR x.description OPERATOR(pg_catalog.<>) '') THEN {STATUS_VALUE}::{STATUS_TYPE}
            ELSE t.{STATUS}::{STATUS_TYPE}
        END AS {STATUS},
        CASE WHEN NOT x.is_active THEN false WHEN {WAS_GONE} AND {IS_NEWER} THEN true ELSE t.{ACTIVE} END AS {ACTIVE}
    ) w
