package import Postgres

extension PostgresSession {
    /// Runs a statement of DDL in a transaction of its own, or outside of any if it builds an index while the table stays in use.
    ///
    /// Throws a ``RunFailure`` if the server objects.
    package nonisolated func change(_ statement: PostgresStatement) async throws {
        do {
            if statement.sql.contains(TableSchema.concurrently(isPartitioned: false)) {
                try await liftLimits()
                try await executeScript(statement, timeout: .schemaChange)
            } else {
                try await transaction(.schemaBegin) {
                    try await executeScript(statement, timeout: .schemaChange)
                }
            }
        } catch let error as PostgresError {
            guard case .serverError(let refusal) = error, refusal.disposition != .retry else { throw error }
            throw RunFailure(
                .configuration, "the server refuses the statement \"\(statement.name)\": \(refusal.explanation)")
        }
    }
}

extension Duration {
    /// What a statement of DDL gets, or one that prepares something out of whole tables; `schema-begin.sql` tells the server the
    /// same.
    package static let schemaChange = Duration.seconds(3600)
}
