-- What the role of embedding-job run needs besides; ROLE stands for its name:
-- GRANT SELECT, INSERT, UPDATE, DELETE ON {DOCUMENT} TO ROLE;
{GRANT_EXTRAS}-- The least that a role which searches needs:
-- GRANT USAGE ON SCHEMA {SCHEMAS} TO ROLE;
-- GRANT SELECT ({READ}) ON {TABLE} TO ROLE;
-- GRANT SELECT ON {DOCUMENT}, {SCALE}, {WORD}, {STATE}, {MODELS} TO ROLE;
