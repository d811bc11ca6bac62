-- The search of embedding-job search, for SQL: the same statement. The vector is that of the question by the column's model. A
-- text, so that it follows the column's name through a change of the model.
-- First pgvector's library is loaded: until then only a superuser may name its settings.
DO $$BEGIN PERFORM '[0]'::{VECTOR}; END$$;
CREATE OR REPLACE FUNCTION {SEARCH_FUNCTION}(
    query text, query_embedding {VECTOR}, max_results int DEFAULT 10, sources text[] DEFAULT NULL,
    since timestamptz DEFAULT NULL, fusion text DEFAULT {FUSION}, similarity_floor double precision DEFAULT {FLOOR},
    similarity_ceiling double precision DEFAULT {CEILING}, semantic_weight double precision DEFAULT 0.6,
    keyword_weight double precision DEFAULT 0.25, static_weight double precision DEFAULT 0.15,
    half_life double precision DEFAULT 730, age_floor double precision DEFAULT 0.85
) RETURNS TABLE (
    id {KEY}, score double precision, title text, source text, semantic double precision, keyword double precision,
    static double precision, age_factor double precision, similarity double precision, coverage double precision,
    cover_density double precision, age_days double precision, semantic_rank bigint, keyword_rank bigint
) LANGUAGE sql STABLE SET standard_conforming_strings = on SET jit = off SET hnsw.iterative_scan = relaxed_order SET hnsw.ef_search = 200
    SET hnsw.max_scan_tuples = 100000
AS $embedding_job$
{SEARCH}$embedding_job$;
