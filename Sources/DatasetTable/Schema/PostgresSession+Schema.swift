package import Postgres

extension PostgresSession {
    /// The longest that a statement of DDL may take, or one that goes through whole tables to prepare something.
    private static let longestChange = Duration.seconds(3600)

    /// Runs a statement of DDL in a transaction of its own, or outside of any if it builds an index while the table stays in use.
    ///
    /// Throws a ``RunFailure`` if the server objects.
    package nonisolated func change(_ statement: PostgresStatement) async throws {
        do {
            if statement.sql.contains(TableSchema.concurrently(isPartitioned: false)) {
                try await liftLimits()
                try await executeScript(statement, timeout: Self.longestChange)
            } else {
                try await transaction(.schemaBegin) {
                    try await executeScript(statement, timeout: Self.longestChange)
                }
            }
        } catch let error as PostgresError {
            guard case .serverError(let refusal) = error, refusal.disposition != .retry else { throw error }
            throw RunFailure(
                .configuration, "the server refuses the statement \"\(statement.name)\": \(refusal.explanation)")
        }
    }
}
