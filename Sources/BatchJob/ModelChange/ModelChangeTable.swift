import DatasetTable
import Logging
import Postgres

/// A table in the middle of a change of its model, as the catalog shows it.
struct ModelChangeTable: Sendable {
    /// The table, with the serving column as its vector column.
    let table: ResolvedTable
    /// The column that searches use.
    let serving: ResolvedTable.Column
    /// The column that is being filled.
    let next: ResolvedTable.Column?
    /// The column that served before.
    let old: ResolvedTable.Column?
    let isOwner: Bool
    /// Rows by the last count of the server, negative if it has not counted yet.
    let estimatedRows: Int64
    let byteCount: Int64
    let maintenanceMemory: Int64
    /// What a cutover would leave behind with the serving column, or has left behind with the old one.
    let dependents: [ColumnDependent]
    /// `embedding_model`, quoted by the server; `nil` if it is absent or this role may not write it.
    let config: String?
    /// The search indexes of the serving column.
    let searchIndexes: [SearchIndex]
    /// The vectors of the serving column by model; all that have an entry in `embedding_state`.
    let models: [Fingerprint: Int]

    private let nextName: String
    private let isPartitioned: Bool

    /// Confirms the table, then reads the rest in one state of the database.
    static func read(_ change: ModelChange, _ session: PostgresSession) async throws -> ModelChangeTable {
        let preflight = Preflight(session: session, names: change.names, log: change.log)
        let table = try await preflight.check(for: .status) { table in
            guard table.state != nil else { return [] }
            let queue = DatasetQueue(session: session, table: table, model: change.model.fingerprint)
            return [StatementTrial(table.statement(.changeCoverage), queue.identity)] + queue.verificationTrials
        }
        guard table.state != nil else { throw RunFailure.changeNeedsState }
        return try await session.readOnly { try await ModelChangeTable(table, change, session) }
    }

    private init(_ table: ResolvedTable, _ change: ModelChange, _ session: PostgresSession) async throws {
        let wanted = [change.names.column, change.nextColumn, change.oldColumn]
        let columns = try await ResolvedTable.Column.lookUp(wanted, of: table.oid, session)
        self.table = table
        serving = table.vectorColumn
        nextName = change.nextColumn
        next = columns[change.nextColumn]
        old = columns[change.oldColumn]
        let rows = try await session.execute(SQLFile.changeRelation.statement, [.oid(table.oid)])
        guard let row = rows.first else {
            throw RunFailure(.configuration, "\(table.quoted) has been dropped; create it with embedding-job schema")
        }
        isPartitioned = try row.bool("is_partitioned")
        isOwner = try row.bool("is_owner")
        estimatedRows = try row.int64("rows")
        byteCount = Int64(try row.count("bytes"))
        maintenanceMemory = try row.int64("maintenance_work_mem")
        config = try row.isNull("config") ? nil : try row.text("config")
        searchIndexes = try await SearchIndex.lookUp(on: serving, of: table, session)
        models = try await table.models(of: serving, session)
        let isCutOver = Self.isCutOver(serving, to: nextName)
        dependents = try await ColumnDependent.lookUp(
            on: isCutOver ? old ?? serving : serving, without: isCutOver ? serving : next, of: table, session)
        try checkTypes()
    }

    private func checkTypes() throws(RunFailure) {
        if isPartitioned {
            throw RunFailure(
                .configuration,
                "\(table.quoted) is partitioned, and PostgreSQL builds no index on it concurrently; change its model by hand"
            )
        }
        for column in [serving, next, old].compactMap(\.self)
        where !ModelChange.Storage.allCases.map(\.rawValue).contains(column.typeName) {
            throw RunFailure(
                .configuration,
                "\(table.quoted).\(column.name) is \(column.type), not vector; name another with --column"
            )
        }
    }

    /// The model of most vectors of the serving column, if it is known.
    var servingModel: Fingerprint? { models.mostFrequent }

    /// Whether the column that serves is the one made for the new model.
    var isCutOver: Bool { Self.isCutOver(serving, to: nextName) }

    private static func isCutOver(_ serving: ResolvedTable.Column, to nextName: String) -> Bool {
        serving.stateKey == nextName && serving.name != nextName
    }

    /// Whether the old column was left by a cutover, and not made by somebody else under that name.
    var isOldOurs: Bool { old.map { $0.stateKey != $0.name } ?? false }

    /// A queue for statements that read a column and its notes.
    func queue(
        _ session: PostgresSession, _ column: ResolvedTable.Column, _ selection: RowSelection, _ model: Fingerprint
    ) -> DatasetQueue {
        var table = table.reading(column)
        table.selection = selection
        return DatasetQueue(session: session, table: table, model: model)
    }

    /// The parameters of a row of `embedding_model`.
    func configRow(_ column: ResolvedTable.Column, model: String?, fingerprint: Fingerprint) -> [PostgresValue] {
        [
            .text(table.quoted), .text(table.names.column),
            model.map(PostgresValue.text) ?? .null(PostgresTypeOID.text),
            .bytea(fingerprint.bytes), .int4(max(0, column.modifier)),
        ]
    }
}

extension [Fingerprint: Int] {
    /// The model of most vectors.
    var mostFrequent: Fingerprint? { self.max { $0.value < $1.value }?.key }
}

extension RunFailure {
    /// What each vector was made from must be known, or edits during a change would go unnoticed.
    static let changeNeedsState = RunFailure(
        .configuration,
        "a change of the model needs the table embedding_state, readable by this role; embedding-job schema --apply creates it, or brings one of an earlier version up to date"
    )
}
