import DatasetTable
import Postgres

/// What became of a batch in the database.
struct BatchOutcome: Sendable {
    /// Keys of rows that took their vector.
    var written: Set<RowKey> = []
    /// Rows that the database refuses by themselves, added to those that could not be encoded.
    var failures: [FailedRow] = []
    /// Keys of rows that somebody held a lock on.
    var locked: Set<RowKey> = []
    /// Rows among the failures that the ledger refuses, and why.
    var unnoted: [FailedRow] = []
    /// Whether another table or column has taken the name of the one to be written, so that nothing could be.
    var isColumnReplaced = false
    /// Whether the server refuses the write even without a row in it.
    var isStatementRefused = false
    /// The role, quoted by the server, if row-level security lets it read rows and update none.
    var readOnlyRole: String?
    /// Side tables without which rows were written that could not be written with them, and why.
    var refusals: [SideTable: PostgresError.ServerError] = [:]
    /// Those of them that refuse whatever is noted there, so that the next batch need not try.
    var leftOut: Set<SideTable> = []
    /// Why it is not known what became of the other rows, if it is not.
    var failure: (any Error)?

    /// Whether triggers have kept vectors from being stored.
    var hasUndoneWrites: Bool {
        failures.contains { $0.failure == .write && [FailedRow.undone, FailedRow.suppressed].contains($0.code) }
    }
}

/// What one write did.
struct WriteResult: Sendable {
    /// Keys of rows whose vector is stored.
    var written: Set<RowKey> = []
    /// Rows that were locked and allowed to be updated, and whose vector is not stored, with the reason.
    var refused: [RowKey: String] = [:]

    /// The refused ones among rows that were sent.
    func failures(among rows: ArraySlice<EncodedRow>) -> [FailedRow] {
        guard !refused.isEmpty else { return [] }
        return rows.compactMap { encoded in
            refused[encoded.row.key].map { FailedRow(row: encoded.row, failure: .write, code: $0) }
        }
    }
}

extension RunFailure {
    /// The name of the table or the column means another one than at the start, with vectors of whatever model.
    static func columnReplaced(_ table: ResolvedTable) -> RunFailure {
        RunFailure(
            .configuration,
            "another table or column has taken the name \(table.quoted).\(table.names.column) since the start; nothing was written to it; start again with the model that it holds now, see embedding-job backfill plan"
        )
    }

    /// Row-level security has no policy by which this role could update a row that it can read.
    static func updateDenied(_ table: ResolvedTable, role: String) -> RunFailure {
        RunFailure(
            .configuration,
            "row-level security lets \(role) read rows of \(table.quoted) and update none; CREATE POLICY embedding_update ON \(table.quoted) FOR UPDATE TO \(role) USING (true), or a narrower condition, or ALTER ROLE \(role) BYPASSRLS"
        )
    }

    /// What keeps the write from being executed has nothing to do with rows.
    static func statementRefused(_ table: ResolvedTable, _ error: PostgresError) -> RunFailure {
        RunFailure(
            .configuration,
            "the server refuses to update \(table.quoted).\(table.names.column) even without a row, so no row is blamed: \(error) Remove the rule, trigger or setting that forbids it"
        )
    }
}
