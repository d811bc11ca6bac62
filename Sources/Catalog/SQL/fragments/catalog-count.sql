CASE
            WHEN x.{INPUT_NAME} IS NULL THEN t.{PRESENT}::{TYPE}
            WHEN $1::boolean THEN {CONVERTED}
            -- They only grow, so the larger one is the later one.
            ELSE greatest(t.{PRESENT}::{TYPE}, {CONVERTED})
        END AS {PRESENT}
