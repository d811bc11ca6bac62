EXISTS (
            SELECT FROM {BOARD} o
            WHERE o.task_name OPERATOR(pg_catalog.=) t.task_name AND o.table_name OPERATOR(pg_catalog.=) t.table_name
                AND o.column_name OPERATOR(pg_catalog.=) t.column_name
                AND o.arguments OPERATOR(pg_catalog.=) t.arguments AND o.state OPERATOR(pg_catalog.=) 'queued')
