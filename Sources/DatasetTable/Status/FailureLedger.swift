public import Postgres

/// The table `embedding_failure`: which rows failed, why, and when they are tried again.
public struct FailureLedger: Sendable {
    /// What ``FailureLedger/forget(_:_:)`` has done.
    public struct Forgotten: Sendable, Equatable {
        /// The number of failures that were forgotten.
        public let count: Int
        /// Keys that were named and of which no failure is known.
        public let unknownKeys: [String]
    }

    private let table: ResolvedTable

    /// Refers to the ledger of a table that was checked for ``Preflight/Purpose/ledger``.
    public init(_ table: ResolvedTable) {
        self.table = table
    }

    /// What the server is to look at before.
    static func trials(_ table: ResolvedTable) -> [StatementTrial] {
        guard table.ledger != nil else { return [] }
        return [StatementTrial(table.statement(.retryFailed), [.textArray([])])]
    }

    /// Forgets the failures of some rows, named by their keys in any form that the key's type takes, or of all if `nil`.
    public func forget(_ keys: [String]?, _ session: PostgresSession) async throws -> Forgotten {
        let parameter = keys.map(PostgresValue.textArray) ?? .null(PostgresTypeOID.textArray)
        do {
            return try await session.transaction(.begin) {
                var (count, unknownKeys) = (0, [String]())
                for row in try await session.execute(table.statement(.retryFailed), [parameter]) {
                    count = try row.count("failures")
                    if try !row.isNull("key") { unknownKeys.append(try row.text("key")) }
                }
                return Forgotten(count: count, unknownKeys: unknownKeys)
            }
        } catch PostgresError.serverError(let refusal) where refusal.disposition == .row {
            throw try await firstMistake(in: keys ?? [], session) ?? PostgresError.serverError(refusal)
        }
    }

    /// Names the first text that is no key.
    private func firstMistake(in keys: [String], _ session: PostgresSession) async throws -> (any Error)? {
        try await session.readOnly {
            for key in keys {
                do {
                    try await session.execute(table.statement(.retryFailedKey), [.text(key)])
                } catch PostgresError.serverError(let refusal) where refusal.disposition == .row {
                    return RunFailure(
                        .usage,
                        "--id \(key) is no key of \(table.quoted), whose \(table.key.name) is \(table.key.type); write keys as psql prints them"
                    )
                }
            }
            return nil
        }
    }
}
