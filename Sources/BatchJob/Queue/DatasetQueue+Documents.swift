import DatasetTable
import Postgres

/// Documents of rows that got their vector without one: before there were documents, or with other tags.
extension DatasetQueue {
    /// Most keys of a page: they are listed in one go, and written in several.
    static let documentPageSize = 10_000

    /// What became of documents that were to be written.
    struct DocumentOutcome: Sendable {
        var written = 0
        /// Rows of which the server can make no document, and what it said of the last.
        var refused = 0
        var refusal: PostgresError.ServerError?
    }

    /// Lists the next rows whose document is missing or out of date; none without the tables that tell.
    func undocumented(after last: RowKey?) async throws(PostgresError) -> [RowKey] {
        guard table.document != nil, table.state != nil else { return [] }
        let result = try await session.execute(
            table.statement(.undocumented),
            [.text(table.vectorColumn.stateKey), key(last), .int4(Int32(Self.documentPageSize))], timeout: .tableScan)
        var keys: [RowKey] = []
        for row in result { keys.append(try row.key("id")) }
        return keys
    }

    /// Counts the rows that can be found, but by no word.
    func undocumentedCount() async throws(PostgresError) -> Int {
        guard table.document != nil else { return 0 }
        let rows = try await session.execute(table.statement(.undocumentedCount), timeout: .tableScan)
        return try rows.first?.count("rows") ?? 0
    }

    /// Writes documents in transactions of their own, in halves down to the rows of which the server can make none.
    func document(_ keys: ArraySlice<RowKey>, _ outcome: inout DocumentOutcome) async throws(PostgresError) {
        guard table.document != nil, let first = keys.first else { return }
        do throws(PostgresError) {
            outcome.written += try await inTransaction { () throws(PostgresError) in
                try await session.execute(
                    table.statement(.documentRows), [.text(table.vectorColumn.stateKey), self.keys(Array(keys))]
                ).count
            }
        } catch {
            guard error.mayBeOfOneRow(attempt: 0), error.disposition != .configuration,
                case .serverError(let refusal) = error
            else { throw error }
            try await rollback()
            guard keys.last != first else {
                outcome.refused += 1
                outcome.refusal = refusal
                return
            }
            let middle = keys.startIndex + keys.count / 2
            try await document(keys[..<middle], &outcome)
            try await document(keys[middle...], &outcome)
        }
    }

    /// Removes documents whose row is gone, and says how many.
    func removeOrphanedDocuments() async throws(PostgresError) -> Int {
        guard table.document != nil else { return 0 }
        return try await inTransaction { () throws(PostgresError) in
            try await session.execute(table.statement(.orphanedDocuments), timeout: Self.writeTimeout).count
        }
    }
}
