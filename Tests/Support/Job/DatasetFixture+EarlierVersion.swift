internal import PostgresTestSupport

/// Side tables as they were before they told tables apart.
extension DatasetFixture {
    /// Gives both side tables, which hold rows of one table at most, the form that earlier versions gave them.
    ///
    /// - Parameter hasTokensLost: Whether it is the latest of them.
    public func giveSideTablesTheirEarlierForm(hasTokensLost: Bool = true) async throws {
        try await database.run(
            """
            ALTER TABLE embedding_state DROP CONSTRAINT embedding_state_pkey, DROP COLUMN table_name,
                ADD PRIMARY KEY (dataset_id, column_name);
            ALTER TABLE embedding_failure DROP CONSTRAINT embedding_failure_pkey, DROP COLUMN table_name,
                ADD PRIMARY KEY (dataset_id, model_fingerprint)
            """)
        if !hasTokensLost { try await database.run("ALTER TABLE embedding_state DROP COLUMN tokens_lost") }
    }

    /// What an earlier version sends to write the vector of a row, note its state and forget its failures.
    public static func earlierWrite(of id: Int) -> String {
        """
        WITH written AS (
            UPDATE datasets SET embedding = '[1, 0, 0, 0]' WHERE id = \(id) AND embedding IS NULL RETURNING id
        ), noted AS (
            INSERT INTO embedding_state AS e
                (dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated, tokens_lost)
            SELECT d.id, 'embedding', decode(repeat('07', 32), 'hex'),
                sha256(convert_to(concat_ws(' ', d.title, d.title, d.description), 'UTF8')), 9, false, 0
            FROM written JOIN datasets d USING (id)
            ON CONFLICT (dataset_id, column_name) DO UPDATE SET model_fingerprint = excluded.model_fingerprint,
                source_fingerprint = excluded.source_fingerprint, tokens = excluded.tokens, embedded_at = now()
        ), cleared AS (
            DELETE FROM embedding_failure f USING written WHERE f.dataset_id = written.id
        )
        SELECT id FROM written
        """
    }

    /// What an earlier version sends to remember that a row has failed.
    public static func earlierFailure(of id: Int) -> String {
        """
        INSERT INTO embedding_failure AS f (dataset_id, model_fingerprint, source_fingerprint, error_class, error_code,
            next_attempt_at)
        VALUES (\(id), decode(repeat('07', 32), 'hex'), sha256(''), 'EMPTY', 'no text', now() + interval '7 days')
        ON CONFLICT (dataset_id, model_fingerprint) DO UPDATE SET attempts = f.attempts + 1
        """
    }
}
