import Logging
import Postgres

/// What is not wrong, and yet worth a warning before a run.
extension Preflight {
    /// The first version without the faults in HNSW indexes that 0.8.2 to 0.8.4 removed, damage by VACUUM among them.
    private static let soundHNSW = ExtensionVersion("0.8.4")

    /// Warns about indexes and triggers that cost a run time or have effects of their own.
    ///
    /// - Returns: The search indexes, for advice that depends on how many rows wait.
    func advise(on table: ResolvedTable) async throws(PostgresError) -> SearchIndexes? {
        let result = try await session.execute(
            SQLFile.catalogAdvice.statement, [.oid(table.oid), .text(names.column)])
        guard let row = result.first else { return nil }
        if try await !hasPendingIndex(on: table) {
            let values = [
                "{PENDING_INDEX}": try row.text("pending_index"),
                "{CONCURRENTLY}": TableSchema.concurrently(isPartitioned: try row.bool("is_partitioned")),
            ]
            log.warning(
                "no partial index finds pending rows: every batch reads the table",
                metadata: metadata([.remedy: table.fill(SQLFile.schemaPendingIndex.line, values)]))
        }
        try await adviseOnStatus(table)
        if !table.vectorColumn.isNullable {
            log.warning(
                "no row can wait for its first vector, because the column is NOT NULL",
                metadata: metadata([
                    .column: names.column,
                    .remedy: "ALTER TABLE \(table.quoted) ALTER COLUMN \(table.vectorColumn.quoted) DROP NOT NULL",
                ]))
        }
        if try !row.isNull("triggers") {
            let triggers = try row.text("triggers")
            log.warning(
                "writing a vector fires triggers that may touch updated_at, which others may take for an edit",
                metadata: metadata([
                    .triggers: triggers,
                    .remedy: "declare them UPDATE OF the columns they are about, without \(names.column)",
                ]))
        }
        if try !row.isNull("hnsw_indexes"), table.vector.version < Self.soundHNSW {
            let indexes = try row.text("hnsw_indexes")
            log.warning(
                "pgvector \(table.vector.version) can damage HNSW indexes; \(Self.soundHNSW) does not",
                metadata: metadata([
                    .index: indexes,
                    .remedy: "install it, then ALTER EXTENSION vector UPDATE, then REINDEX INDEX CONCURRENTLY",
                ]))
        }
        guard try !row.isNull("search_indexes") else { return nil }
        return SearchIndexes(
            names: try row.text("search_indexes"), drop: try row.text("drop_indexes"),
            create: try row.text("create_indexes"))
    }

    /// Warns if no row has the status that is asked for, as after a mistake in its spelling.
    private func adviseOnStatus(_ table: ResolvedTable) async throws(PostgresError) {
        let status = table.column(names.status)
        let statement = table.statement(.statuses, ["{STATUS_TYPE}": status.quotedType])
        let rows: PostgresResult
        do throws(PostgresError) {
            rows = try await session.execute(statement, [.oid(table.oid), .text(names.status)], timeout: .tableScan)
        } catch {
            guard case .serverError(let refusal) = error, refusal.disposition != .retry else { throw error }
            // A value that cannot be read is for the run to find.
            try await session.executeScript(SQLFile.trialRollback.statement)
            return
        }
        guard let row = rows.first, try row.bool("has_rows"), try !row.bool("is_known") else { return }
        let statuses = try row.printable("statuses")
        log.warning(
            "no row is known to have the status of rows that are to be embedded",
            metadata: metadata([
                .status: names.statusValue, .statuses: statuses,
                .remedy: "set --status-value, unless such rows are yet to come",
            ]))
    }
}
