-- Finds ready rows by meaning and by words, and gives each of them every part of its score, whichever arm has found it.
-- $1 question as websearch_to_tsquery reads it, $2 its vector, $3 most rows, $4 sources (NULL: all), $5 not older than
-- (NULL: all), $6 weighted or rrf, $7 and $8 the cosines that count as 0 and as 1, $9 to $11 the weights of meaning, words and
-- metrics, $12 half-life of a score in days, $13 what age leaves of it at least
-- Operators that name their schema all bind alike: parentheses say what is computed first.
WITH
-- Pieces in quotes stay whole; what follows a minus at the beginning of a piece is excluded, from both arms.
excluded AS MATERIALIZED (
    SELECT pg_catalog.string_agg(x.query::pg_catalog.text, ' | ')::pg_catalog.tsquery AS query
    FROM pg_catalog.regexp_matches($1::pg_catalog.text, '("[^"]*"?)|(?<![^\s"])-("[^"]*"?|[^\s"]+)', 'g') AS m(piece)
    CROSS JOIN LATERAL (
        -- A phrase that has lost its stop words would be another one.
        SELECT CASE
            WHEN pg_catalog.numnode(stemmed) OPERATOR(pg_catalog.=) pg_catalog.numnode(written)
            THEN stemmed OPERATOR(pg_catalog.||) written ELSE written END AS query
        FROM pg_catalog.phraseto_tsquery('pg_catalog.english'::pg_catalog.regconfig, m.piece[2]) AS s(stemmed),
            pg_catalog.phraseto_tsquery('pg_catalog.simple'::pg_catalog.regconfig, m.piece[2]) AS w(written)
    ) x
    WHERE m.piece[2] IS NOT NULL AND pg_catalog.numnode(x.query) OPERATOR(pg_catalog.>) 0
),
-- Each word with all forms that documents may have it in. A stop word is none. Its weight is its rarity; the rarest stand for
-- a question that is a whole page.
word AS MATERIALIZED (
    SELECT w.query, pg_catalog.ln(1 OPERATOR(pg_catalog.+) (w.total::pg_catalog.float8
        OPERATOR(pg_catalog./) (1 OPERATOR(pg_catalog.+) w.documents))) AS weight
    FROM (
        SELECT t.token, pg_catalog.string_agg(DISTINCT '''' OPERATOR(pg_catalog.||) pg_catalog.replace(
                pg_catalog.replace(l.lexeme, '\', '\\'), '''', '''''') OPERATOR(pg_catalog.||) '''',
                ' | ')::pg_catalog.tsquery AS query,
            coalesce(pg_catalog.max(f.documents), 0) AS documents,
            coalesce((SELECT total FROM {WORD} WHERE table_name OPERATOR(pg_catalog.=) {TABLE_NAME} LIMIT 1), 1) AS total
        FROM (
            SELECT DISTINCT pg_catalog.lower(p.token) AS token
            FROM pg_catalog.ts_parse('pg_catalog.default', pg_catalog.regexp_replace(
                $1::pg_catalog.text, '("[^"]*"?)|(?<![^\s"])-("[^"]*"?|[^\s"]+)', '\1', 'g')) p
            -- Neither blanks, tags, protocols and entities nor compounds, whose parts follow them.
            WHERE p.tokid OPERATOR(pg_catalog.<>) ALL ('{12,13,14,15,16,17,23}'::int[])
        ) t
        CROSS JOIN LATERAL (
            SELECT pg_catalog.tsvector_to_array(
                pg_catalog.to_tsvector('pg_catalog.english'::pg_catalog.regconfig, t.token)) AS english
        ) e
        CROSS JOIN LATERAL pg_catalog.unnest(e.english OPERATOR(pg_catalog.||) pg_catalog.tsvector_to_array(
            pg_catalog.to_tsvector('pg_catalog.simple'::pg_catalog.regconfig, t.token))) AS l(lexeme)
        LEFT JOIN {WORD} f ON f.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
            AND f.word OPERATOR(pg_catalog.=) l.lexeme
        WHERE pg_catalog.cardinality(e.english) OPERATOR(pg_catalog.>) 0
        GROUP BY t.token
    ) w
    ORDER BY weight DESC, w.token
    LIMIT 64
),
-- Any other minus is punctuation, as in a title: websearch_to_tsquery would exclude what follows a dash between blanks.
question AS MATERIALIZED (
    SELECT pg_catalog.websearch_to_tsquery('pg_catalog.english'::pg_catalog.regconfig, x.text)
            OPERATOR(pg_catalog.||) pg_catalog.websearch_to_tsquery(
                'pg_catalog.simple'::pg_catalog.regconfig, x.text) AS as_asked,
        (SELECT pg_catalog.string_agg(query::pg_catalog.text, ' | ')::pg_catalog.tsquery FROM word) AS any_word,
        (SELECT query FROM excluded) AS excluded
    FROM pg_catalog.regexp_replace(
        $1::pg_catalog.text, '(?<=[^\s"[:alnum:]_])-|-(?!\S)', ' ', 'g') AS x(text)
),
-- The rows that pass the filters, if they are few: these are compared one by one. A large table without filters is not
-- looked through for that.
wide AS MATERIALIZED (
    SELECT $4::pg_catalog.text[] IS NULL AND $5::pg_catalog.timestamptz IS NULL AND c.reltuples OPERATOR(pg_catalog.>) 20000
        AS is_wide
    FROM pg_catalog.pg_class c
    WHERE c.oid OPERATOR(pg_catalog.=) {TABLE_OID}::pg_catalog.oid
),
few AS MATERIALIZED (
    SELECT d.{ID} AS id, d.{COLUMN} OPERATOR({VECTOR_SCHEMA}.<=>) {QUERY_VECTOR} AS distance
    FROM {TABLE} d
    WHERE NOT (SELECT is_wide FROM wide) AND {READY}{FILTER}{NOT_EXCLUDED}
    LIMIT 5001
),
many AS MATERIALIZED (
    SELECT (SELECT is_wide FROM wide) OR (SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 5000 FROM few) AS are_many
),
-- By words: as asked and, if that finds few, by any of them.
strict AS MATERIALIZED (
    SELECT e.dataset_id AS id, e.document
    FROM {DOCUMENT} e
    CROSS JOIN LATERAL (
        SELECT FROM {TABLE} d WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) e.dataset_id AND {READY}{FILTER} OFFSET 0
    ) d
    WHERE ((SELECT are_many FROM many) OR e.dataset_id OPERATOR({KEY_SCHEMA}.=) ANY (SELECT id FROM few))
        AND (SELECT any_word IS NOT NULL FROM question) AND e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
        AND e.document OPERATOR(pg_catalog.@@) (SELECT as_asked FROM question)
        AND ((SELECT excluded FROM question) IS NULL
            OR NOT e.document OPERATOR(pg_catalog.@@) (SELECT excluded FROM question))
    LIMIT 1000
),
loose AS MATERIALIZED (
    SELECT e.dataset_id AS id, e.document
    FROM {DOCUMENT} e
    CROSS JOIN LATERAL (
        SELECT FROM {TABLE} d WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) e.dataset_id AND {READY}{FILTER} OFFSET 0
    ) d
    WHERE ((SELECT are_many FROM many) OR e.dataset_id OPERATOR({KEY_SCHEMA}.=) ANY (SELECT id FROM few))
        AND (SELECT pg_catalog.count(*) OPERATOR(pg_catalog.<) 20 FROM strict)
        AND e.table_name OPERATOR(pg_catalog.=) {TABLE_NAME}
        AND e.document OPERATOR(pg_catalog.@@) (SELECT any_word FROM question)
        AND ((SELECT excluded FROM question) IS NULL
            OR NOT e.document OPERATOR(pg_catalog.@@) (SELECT excluded FROM question))
    LIMIT 1000
),
matched AS MATERIALIZED (
    SELECT x.id, x.document, w.coverage, w.cover_density
    FROM (
        SELECT id, document FROM strict
        UNION ALL
        SELECT l.id, l.document FROM loose l
        WHERE NOT EXISTS (SELECT FROM strict x WHERE x.id OPERATOR({KEY_SCHEMA}.=) l.id)
    ) x
    CROSS JOIN LATERAL ({WORDS_OF_DOCUMENT}) w
),
by_words AS MATERIALIZED (
    SELECT id, coverage, cover_density,
        pg_catalog.row_number() OVER (ORDER BY (0.6 OPERATOR(pg_catalog.*) coverage)
            OPERATOR(pg_catalog.+) (0.4 OPERATOR(pg_catalog.*) cover_density) DESC, id) AS place
    FROM matched
    ORDER BY place
    LIMIT 200
),
-- By meaning: of many rows the index finds the nearest. Should it end before it has 200, all are compared after all.
near AS MATERIALIZED (
    SELECT d.{ID} AS id, d.{COLUMN} OPERATOR({VECTOR_SCHEMA}.<=>) {QUERY_VECTOR} AS distance
    FROM {TABLE} d
    WHERE (SELECT are_many FROM many) AND {READY}{FILTER}{NOT_EXCLUDED}
    ORDER BY d.{COLUMN} OPERATOR({VECTOR_SCHEMA}.<=>) {QUERY_VECTOR}
    LIMIT 200
),
compared AS MATERIALIZED (
    SELECT d.{ID} AS id, d.{COLUMN} OPERATOR({VECTOR_SCHEMA}.<=>) {QUERY_VECTOR} AS distance
    FROM {TABLE} d
    WHERE (SELECT are_many FROM many) AND (SELECT pg_catalog.count(*) OPERATOR(pg_catalog.<) 200 FROM near)
        AND {READY}{FILTER}{NOT_EXCLUDED}
),
by_meaning AS MATERIALIZED (
    SELECT x.id, pg_catalog.row_number() OVER (ORDER BY x.distance, x.id) AS place
    FROM (
        SELECT id, distance FROM few WHERE NOT (SELECT are_many FROM many)
        UNION ALL
        SELECT id, distance FROM near WHERE (SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 0 FROM compared)
        UNION ALL
        SELECT id, distance FROM compared
    ) x
    ORDER BY place
    LIMIT 200
),
-- The words of what the meaning has found are worth something, too.
candidate AS MATERIALIZED (
    SELECT coalesce(m.id, k.id) AS id, m.place AS semantic_rank, k.place AS keyword_rank,
        coalesce(k.coverage, w.coverage, 0) AS coverage, coalesce(k.cover_density, w.cover_density, 0) AS cover_density
    FROM by_meaning m
    FULL JOIN by_words k ON k.id OPERATOR({KEY_SCHEMA}.=) m.id
    LEFT JOIN LATERAL (
        SELECT w.coverage, w.cover_density
        FROM {DOCUMENT} x
        CROSS JOIN LATERAL ({WORDS_OF_DOCUMENT}) w
        WHERE k.id IS NULL AND (SELECT any_word IS NOT NULL FROM question)
            AND x.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND x.dataset_id OPERATOR({KEY_SCHEMA}.=) m.id
        OFFSET 0
    ) w ON true
),
-- All parts of all candidates.
part AS (
    SELECT c.id, d.title, d.source, d.similarity, c.coverage, c.cover_density, c.semantic_rank, c.keyword_rank,
        CASE
            WHEN d.similarity OPERATOR(pg_catalog.=) 'NaN'::pg_catalog.float8 THEN 0
            ELSE greatest(0::pg_catalog.float8, least(1::pg_catalog.float8,
                (d.similarity OPERATOR(pg_catalog.-) $7::pg_catalog.float8)
                OPERATOR(pg_catalog./) ($8::pg_catalog.float8 OPERATOR(pg_catalog.-) $7::pg_catalog.float8)))
        END AS semantic,
        CASE WHEN question.any_word IS NOT NULL THEN
            (0.6 OPERATOR(pg_catalog.*) c.coverage) OPERATOR(pg_catalog.+) (0.4 OPERATOR(pg_catalog.*) c.cover_density)
        END AS keyword,
        coalesce(s.static, 0.5) AS static, a.days AS age_days,
        $13::pg_catalog.float8 OPERATOR(pg_catalog.+) ((1 OPERATOR(pg_catalog.-) $13::pg_catalog.float8)
            OPERATOR(pg_catalog.*) CASE
                WHEN a.days IS NULL THEN 0.5
                -- Beyond that nothing is left that a number could hold.
                ELSE pg_catalog.power(0.5::pg_catalog.float8, least(
                    a.days OPERATOR(pg_catalog./) $12::pg_catalog.float8, 1000))
            END) AS age_factor
    FROM question
    CROSS JOIN candidate c
    CROSS JOIN LATERAL (
        SELECT d.{TITLE}::pg_catalog.text AS title, {SOURCE_VALUE} AS source,
            1 OPERATOR(pg_catalog.-) (d.{COLUMN} OPERATOR({VECTOR_SCHEMA}.<=>) {QUERY_VECTOR}) AS similarity,
            {DATE_VALUE} AS date{METRIC_COLUMNS}
        FROM {TABLE} d
        WHERE d.{ID} OPERATOR({KEY_SCHEMA}.=) c.id
        OFFSET 0
    ) d
    CROSS JOIN LATERAL (
        SELECT CASE WHEN d.date IS NOT NULL THEN greatest(0::pg_catalog.float8, (
            pg_catalog.date_part('epoch', pg_catalog.now())
            OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', d.date)) OPERATOR(pg_catalog./) 86400) END AS days
    ) a
    CROSS JOIN LATERAL (
        SELECT pg_catalog.sum(x.weight OPERATOR(pg_catalog.*) least(1::pg_catalog.float8,
                pg_catalog.ln(1 OPERATOR(pg_catalog.+) greatest(0::pg_catalog.float8, x.value))
                OPERATOR(pg_catalog./) pg_catalog.ln(1 OPERATOR(pg_catalog.+) scale.scale)))
            OPERATOR(pg_catalog./) pg_catalog.sum(x.weight) AS static
        FROM ({METRICS}) AS x(metric, weight, value)
        CROSS JOIN LATERAL (
            SELECT l.scale
            FROM {SCALE} l
            WHERE l.table_name OPERATOR(pg_catalog.=) {TABLE_NAME} AND l.metric OPERATOR(pg_catalog.=) x.metric
                AND l.source OPERATOR(pg_catalog.=) ANY (ARRAY['', d.source])
            -- That of all sources where the row's own is too small to have one.
            ORDER BY l.source DESC
            LIMIT 1
        ) scale
        -- NULL, NaN and infinity tell nothing.
        WHERE x.value OPERATOR(pg_catalog.<) 'Infinity'::pg_catalog.float8 AND scale.scale OPERATOR(pg_catalog.>) 0
    ) s
)
SELECT p.id, x.score, p.title, p.source, p.semantic, p.keyword, p.static, p.age_factor, p.similarity,
    CASE WHEN p.keyword IS NOT NULL THEN p.coverage END AS coverage,
    CASE WHEN p.keyword IS NOT NULL THEN p.cover_density END AS cover_density,
    p.age_days, p.semantic_rank, p.keyword_rank
FROM part p
CROSS JOIN LATERAL (
    SELECT p.age_factor OPERATOR(pg_catalog.*) CASE
        -- Shares of the best there is: the first place in both arms, or in the one that there is.
        WHEN $6::pg_catalog.text OPERATOR(pg_catalog.=) 'rrf' THEN
            ((1 OPERATOR(pg_catalog.-) $11::pg_catalog.float8) OPERATOR(pg_catalog.*) ((
                coalesce(61::pg_catalog.float8 OPERATOR(pg_catalog./) (60 OPERATOR(pg_catalog.+) p.semantic_rank), 0)
                OPERATOR(pg_catalog.+)
                coalesce(61::pg_catalog.float8 OPERATOR(pg_catalog./) (60 OPERATOR(pg_catalog.+) p.keyword_rank), 0))
                OPERATOR(pg_catalog./) CASE WHEN p.keyword IS NULL THEN 1 ELSE 2 END))
            OPERATOR(pg_catalog.+) ($11::pg_catalog.float8 OPERATOR(pg_catalog.*) p.static)
        -- Without a word the other two share what is left, if they count at all.
        WHEN p.keyword IS NULL AND ($9::pg_catalog.float8 OPERATOR(pg_catalog.+) $11::pg_catalog.float8)
            OPERATOR(pg_catalog.>) 0 THEN
            (($9::pg_catalog.float8 OPERATOR(pg_catalog.*) p.semantic)
                OPERATOR(pg_catalog.+) ($11::pg_catalog.float8 OPERATOR(pg_catalog.*) p.static))
            OPERATOR(pg_catalog./) ($9::pg_catalog.float8 OPERATOR(pg_catalog.+) $11::pg_catalog.float8)
        ELSE ($9::pg_catalog.float8 OPERATOR(pg_catalog.*) p.semantic)
            OPERATOR(pg_catalog.+) ($10::pg_catalog.float8 OPERATOR(pg_catalog.*) coalesce(p.keyword, 0))
            OPERATOR(pg_catalog.+) ($11::pg_catalog.float8 OPERATOR(pg_catalog.*) p.static)
    END AS score
) x
ORDER BY x.score DESC, p.id
LIMIT $3::int
