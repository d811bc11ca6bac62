import Logging
import Postgres
public import SentenceEncoding

/// The step `run`: a column for the new model, its vectors, its indexes.
extension ModelChange {
    /// Fills the new column and indexes it.
    ///
    /// - Parameter storage: The type of the new column; that of the serving one if nil.
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
            guard try await DatasetTable.Column.lookUp([nextColumn], of: table.oid, session).isEmpty else {
                return false
            }
            let values = ["{NEXT}": TableSchema.quote(nextColumn), "{NEXT_TYPE}": type]
            try await session.execute(
                PostgresStatement(name: "add column", sql: table.fill(SQLFile.changeAddColumn.text, values)))
            let grants = try await session.execute(
                SQLFile.changeGrants.statement, [.oid(table.oid), .text(serving.name), .text(nextColumn)])
            for row in grants {
                try await session.execute(PostgresStatement(name: "grant", sql: try row.text("statement")))
            }
            if let config = change.config, let model = change.servingModel {
                try await session.execute(
                    PostgresStatement(
                        name: "config", sql: table.fill(SQLFile.changeConfigFirst.text, ["{CONFIG}": config])),
                    change.configRow(serving, model: nil, fingerprint: model))
            }
            return true
        }
        if added.result { log.notice("column added", metadata: metadata([.column: nextColumn])) }
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
        return vector.quoted.dropLast("vector".count) + "\(storage.rawValue)(\(model.dimension))"
    }

    // MARK: - Indexes

    /// Adds the index by which pending rows are found: before the fill, because towards its end they are few and far apart.
    private func addPendingIndex() async throws {
        let change = try await inspect()
        let next = try change.requireNext(self)
        let name = indexName(change, "pending")
        let statement = change.table.fill(
            SQLFile.changePendingIndex.text,
            ["{INDEX}": TableSchema.quote(name), "{NEXT}": next.quoted, "{STATUS_VALUE}": change.table.statusLiteral])
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
            let statement = change.table.fill(SQLFile.changeSearchIndex.text, values)
            if try await IndexBuild(self, change.table, name: name, statement: statement).build() { hasBuilt = true }
        }
        return hasBuilt
    }

    /// The name of the index that is like the serving column's search index of this number.
    func searchIndexName(_ change: ModelChangeTable, _ number: Int) -> String {
        indexName(change, change.searchIndexes[number].method + (number == 0 ? "" : String(number + 1)))
    }

    /// Table, column, model and purpose: unique in the schema, and at most 63 bytes.
    private func indexName(_ change: ModelChangeTable, _ purpose: String) -> String {
        let end = "_\(Preflight.abbreviate(model.fingerprint))_\(purpose)"
        let table = names.table.split(separator: ".").last.map(String.init) ?? names.table
        return "\(table)_\(names.column)".prefix(utf8Count: 63 - end.utf8.count) + end
    }
}

extension DatasetTable.Column {
    /// The bytes of one vector.
    var vectorByteCount: Int { 8 + (isHalf ? 2 : 4) * Int(max(0, modifier)) }
}

extension ModelChangeTable {
    /// The parameters of a row of `embedding_model`.
    func configRow(_ column: DatasetTable.Column, model: String?, fingerprint: [UInt8]) -> [PostgresValue] {
        [
            .text(table.quoted), .text(table.names.column),
            model.map(PostgresValue.text) ?? .null(PostgresTypeOID.text),
            .bytea(fingerprint), .int4(max(0, column.modifier)),
        ]
    }
}
