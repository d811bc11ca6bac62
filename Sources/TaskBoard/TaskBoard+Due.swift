public import DatasetTable
public import Postgres

extension TaskBoard {
    /// Whether there is a board for the table.
    public static func exists(for names: DatasetNames, session: PostgresSession) async throws -> Bool {
        try await Finding(names, session).board != nil
    }

    /// The task that a runner would begin now; `nil` if there is none.
    ///
    /// It is not begun by asking.
    public func nextDue() async throws -> EmbeddingTask? {
        try await session.transaction(.begin, endingWith: .rollback) { try await pick(nil, leavingOut: []) }
    }
}
