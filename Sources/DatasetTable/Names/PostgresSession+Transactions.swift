public import Postgres

/// Roles, databases and clients set isolation, access mode and time limits, so every statement stands in a transaction that
/// says its own, but for the few that cannot be in one.
extension PostgresSession {
    /// Runs statements in a transaction that sees one state of the database and can write nothing.
    ///
    /// It ends with ROLLBACK, so that COMMIT always means that something was written.
    public nonisolated func readOnly<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await transaction(.beginReadOnly, endingWith: .rollback, body)
    }

    /// Runs statements in a transaction that begins as the file says.
    package nonisolated func transaction<Result>(
        _ begin: SQLFile, endingWith end: PostgresStatement = .commit, _ body: () async throws -> Result
    ) async throws -> Result {
        try await executeScript(begin.statement)
        do {
            let result = try await body()
            try await execute(end)
            return result
        } catch {
            // If this fails too, the connection is gone and the transaction with it; the first error is the one to tell.
            _ = try? await execute(.rollback)
            throw error
        }
    }

    /// Takes all limits off statements that cannot be in a transaction.
    ///
    /// A plain SET stays behind in a connection pool, so there is none unless the session began with limits.
    package nonisolated func liftLimits() async throws {
        let exist = try await readOnly {
            try await execute(SQLFile.sessionLimits.statement).first?.bool("exist") == true
        }
        if exist { try await executeScript(SQLFile.sessionNoLimits.statement) }
    }
}

extension Duration {
    /// What a statement gets that may have to read a whole table; `begin-read-only.sql` tells the server the same.
    package static let tableScan = Duration.seconds(300)
}
