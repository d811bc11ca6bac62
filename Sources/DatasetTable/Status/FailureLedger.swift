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
        try await session.executeScript(SQLFile.begin.statement)
        let rows: PostgresResult
        do throws(PostgresError) {
            rows = try await session.execute(table.statement(.retryFailed), [parameter])
        } catch {
            guard case .serverError(let refusal) = error, refusal.disposition == .row, let keys else { throw error }
            try await session.execute(.rollback)
            if let mistake = try await firstMistake(in: keys, session) { throw mistake }
            throw error
        }
        var (count, unknownKeys) = (0, [String]())
        for row in rows {
            count = try row.count("failures")
            if try !row.isNull("key") { unknownKeys.append(try row.text("key")) }
        }
        try await session.execute(.commit)
        return Forgotten(count: count, unknownKeys: unknownKeys)
    }

    /// Names the first text that is no key.
    private func firstMistake(
        in keys: [String], _ session: PostgresSession
    ) async throws(PostgresError) -> RunFailure? {
        for key in keys {
            do throws(PostgresError) {
                try await session.execute(table.statement(.retryFailedKey), [.text(key)])
            } catch {
                guard case .serverError(let refusal) = error, refusal.disposition == .row else { throw error }
                return RunFailure(
                    .usage,
                    "--id \(key) is no key of \(table.quoted), whose \(table.key.name) is \(table.key.type); write keys as psql prints them"
                )
            }
        }
        return nil
    }
}
