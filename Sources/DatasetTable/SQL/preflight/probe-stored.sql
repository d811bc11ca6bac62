-- What is done to stored vectors.
SELECT d.{COLUMN}::{VECTOR} AS vector FROM {TABLE} d WHERE d.{COLUMN} IS NOT NULL
