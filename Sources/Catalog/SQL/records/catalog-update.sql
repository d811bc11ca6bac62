-- Brings rows up to what their source says. Where that changes the text that the job composes, the vector goes in the same
-- statement, and the next run of the job embeds the row anew. Rows are locked in the order of their keys, so that two
-- of these do not wait for each other; what is written is computed from the row as it is then.
-- Parameters as in catalog-find; $4 has the keys.
WITH x AS MATERIALIZED (SELECT * FROM {INPUT}),
locked AS MATERIALIZED (
    SELECT x.*
    FROM x JOIN {TABLE} t ON t.{ID} OPERATOR({KEY_SCHEMA}.=) x.id
    ORDER BY t.{ID}
    FOR NO KEY UPDATE OF t
)
UPDATE {TABLE} t
SET ({COLUMNS_TOLD}, {SOURCE_REF}, {STATUS}, {ACTIVE}, {COLUMN}) = (SELECT v.* FROM ({VALUES}) v), updated_at = {NOW}
FROM locked x
WHERE t.{ID} OPERATOR({KEY_SCHEMA}.=) x.id
