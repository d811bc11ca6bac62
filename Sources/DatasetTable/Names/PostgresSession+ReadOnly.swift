public import Postgres

extension PostgresSession {
    /// Runs statements in a transaction that sees one state of the database and can write nothing.
    ///
    /// It ends with ROLLBACK, so that COMMIT always means that something was written.
    public nonisolated func readOnly<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await executeScript(SQLFile.beginReadOnly.statement)
        do {
            let result = try await body()
            try await execute(.rollback)
            return result
        } catch {
            // If this fails too, the connection is gone and the transaction with it; the first error is the one to tell.
            _ = try? await execute(.rollback)
            throw error
        }
    }
}

extension Duration {
    /// What a statement gets that may have to read a whole table; `begin-read-only.sql` tells the server the same.
    package static let tableScan = Duration.seconds(300)
}
