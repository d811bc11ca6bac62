f.next_attempt_at OPERATOR(pg_catalog.>) pg_catalog.now()
            -- A row that could not be read has no fingerprint, and to compute one fails again.
            AND CASE
                WHEN f.source_fingerprint OPERATOR(pg_catalog.=) '' THEN true
                ELSE f.source_fingerprint OPERATOR(pg_catalog.=) {FINGERPRINT}
            END
