public import Postgres

/// The table `embedding_failure`: which rows failed, why, and when they are tried again.
public struct FailureLedger: Sendable {
    private let statement: PostgresStatement

    /// Refers to the ledger of a table that was checked for ``Preflight/Purpose/ledger``.
    public init(_ table: ResolvedTable) {
        statement = table.statement(.retryFailed)
    }

    /// What the server is to look at before.
    static func trials(_ table: ResolvedTable) -> [StatementTrial] {
        guard table.ledger != nil else { return [] }
        return [StatementTrial(table.statement(.retryFailed), [.textArray([])])]
    }

    /// Forgets the failures of some rows, named by their keys as text, or of all if `nil`.
    ///
    /// - Returns: The number of failures that were forgotten.
    public func forget(_ keys: [String]?, _ session: PostgresSession) async throws -> Int {
        let parameter = keys.map(PostgresValue.textArray) ?? .null(PostgresTypeOID.textArray)
        return try await session.transaction(.begin) {
            try await session.execute(statement, [parameter]).affectedRowCount
        }
    }
}
