public import DatasetTable
import Logging
import Postgres
public import SentenceEncoding

/// The step `run`: a column for the new model, its vectors, its indexes.
extension ModelChange {
    /// Fills the new column and indexes it.
    ///
    /// Without `storage` the new column has the type of the serving one.
    public func fill(_ encoder: any TextEncoder, storage: Storage? = nil) async -> RunReport {
        await reporting {
            let table = try await inspect()
            try table.requireFillable(self)
            try await addColumn(table, storage)
            try await addPendingIndex()
            var report = try await drain(nextColumn, encoder)
            guard report.isComplete, await control.reason == nil else { return report }
            if try await addSearchIndexes() {
                // Building took a while, in which the application has gone on.
                report.add(try await drain(nextColumn, encoder))
            }
            return report
        }
    }

    /// Adds the column, unless it is there; gives everybody the rights to it that they have to the serving one.
    private func addColumn(_ change: ModelChangeTable, _ storage: Storage?) async throws {
        if let next = change.next {
            guard storage == nil || storage?.rawValue == next.typeName else {
                throw RunFailure(
                    .configuration,
                    "\(change.name(next)) exists and is \(next.type); leave out --type, or drop the column to begin again"
                )
            }
            return
        }
        let (table, serving) = (change.table, change.serving)
        let type = try columnType(storage, change)
        let added = try await exclusively(table, columns: [names.column]) { session in
            guard try await ResolvedTable.Column.lookUp([nextColumn], of: table.oid, session).isEmpty else {
                return false
            }
            let values = ["{NEXT}": TableSchema.quote(nextColumn), "{NEXT_TYPE}": type]
            try await session.execute(table.statement(.changeAddColumn, values))
            let grants = try await session.execute(
                SQLFile.changeGrants.statement, [.oid(table.oid), .text(serving.name), .text(nextColumn)])
            for row in grants {
                try await session.execute(PostgresStatement(name: "grant", sql: try row.text("statement")))
            }
            try await copySettings(change, session)
            if let config = change.config, let model = change.servingModel {
                try await session.execute(
                    table.statement(.changeConfigFirst, ["{CONFIG}": config]),
                    change.configRow(serving, model: nil, fingerprint: model))
            }
            return true
        }
        if added.result { log.notice("column added", metadata: metadata([.column: nextColumn])) }
    }

    /// Has the new column stored as the serving one is.
    private func copySettings(_ change: ModelChangeTable, _ session: PostgresSession) async throws {
        let next = try await ResolvedTable.Column.lookUp([nextColumn], of: change.table.oid, session)[nextColumn]
        let settings = try await session.execute(
            SQLFile.changeSettings.statement,
            [
                .oid(change.table.oid), .text(change.serving.name), .text(nextColumn),
                .int4(Int32(next?.vectorByteCount ?? 0)),
            ])
        for row in settings {
            let statement = try row.text("statement")
            if try row.bool("is_safe") {
                try await session.execute(PostgresStatement(name: "setting", sql: statement))
            } else {
                log.warning(
                    "vectors of the new column are too large to be stored like those of the serving one",
                    metadata: metadata([.column: nextColumn, .remedy: "if rows have room for it: \(statement)"]))
            }
        }
    }

    private func columnType(_ storage: Storage?, _ change: ModelChangeTable) throws(RunFailure) -> String {
        let storage = storage ?? Storage(rawValue: change.serving.typeName) ?? .vector
        let vector = change.table.vector
        guard storage == .vector || vector.version >= ExtensionVersion("0.7.0") else {
            throw RunFailure(
                .configuration, "pgvector \(vector.version) has no halfvec; install 0.7.0 or later, or leave out --type"
            )
        }
        // Both types live in the extension's schema.
        return "\(vector.schema).\(storage.rawValue)(\(model.dimension))"
    }

    // MARK: - Indexes

    /// Adds the index by which pending rows are found: before the fill, because towards its end they are few and far apart.
    private func addPendingIndex() async throws {
        let change = try await inspect()
        let next = try change.requireNext(self)
        let name = indexName(change, "pending")
        let statement = change.table.statement(
            .changePendingIndex, ["{INDEX}": TableSchema.quote(name), "{COLUMN}": next.quoted])
        try await IndexBuild(self, change.table, name: name, statement: statement).build()
    }

    /// Adds search indexes like those of the serving column.
    ///
    /// - Returns: Whether one was built by this process.
    private func addSearchIndexes() async throws -> Bool {
        let change = try await inspect()
        let next = try change.requireNext(self)
        if change.searchIndexes.isEmpty {
            log.notice(
                "no search index is built, because the serving column has none",
                metadata: metadata([.column: change.serving.name]))
        }
        var hasBuilt = false
        for (number, index) in change.searchIndexes.enumerated() {
            let name = searchIndexName(change, number)
            let values = index.parts(from: change.serving, to: next.quoted, next.typeName, dimension: model.dimension)
                .merging(["{INDEX}": TableSchema.quote(name)]) { $1 }
            let estimate = index.byteCount * Int64(next.vectorByteCount) / Int64(max(1, change.serving.vectorByteCount))
            if estimate > change.maintenanceMemory {
                log.warning(
                    "the index is larger than maintenance_work_mem, which slows its build down",
                    metadata: metadata([
                        .index: name, .remedy: "ALTER ROLE … SET maintenance_work_mem = '\(estimate >> 20 + 1)MB'",
                    ]))
            }
            let statement = change.table.statement(.changeSearchIndex, values)
            if try await IndexBuild(self, change.table, name: name, statement: statement).build() { hasBuilt = true }
        }
        return hasBuilt
    }

}
