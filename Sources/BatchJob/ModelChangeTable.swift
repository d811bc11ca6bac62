import Logging
import Postgres

/// A table in the middle of a change of its model, as the catalogue shows it.
struct ModelChangeTable: Sendable {
    /// The table, with the serving column as its vector column.
    let table: DatasetTable
    /// The column that searches use.
    let serving: DatasetTable.Column
    /// The column that is being filled.
    let next: DatasetTable.Column?
    /// The column that served before.
    let old: DatasetTable.Column?
    let isOwner: Bool
    /// Rows by the last count of the server, negative if it has not counted yet.
    let estimatedRows: Int64
    let byteCount: Int64
    let maintenanceMemory: Int64
    /// Views that read one of the columns, quoted by the server.
    let views: String?
    /// `embedding_model`, quoted by the server; `nil` if it is absent or this role may not write it.
    let config: String?
    /// The search indexes of the serving column.
    let searchIndexes: [SearchIndex]
    /// The vectors of the serving column by model; all that have an entry in `embedding_state`.
    let models: [[UInt8]: Int]

    private let nextName: String
    private let isPartitioned: Bool

    init(_ change: ModelChange, _ session: PostgresSession) async throws {
        let table = try await Preflight(session: session, names: change.names, log: change.log).check(for: .status)
        guard let state = table.state, !state.isEmpty else { throw RunFailure.changeNeedsState }
        let wanted = [change.names.column, change.nextColumn, change.oldColumn]
        let columns = try await DatasetTable.Column.lookUp(wanted, of: table.oid, session)
        self.table = table
        serving = table.vectorColumn
        nextName = change.nextColumn
        next = columns[change.nextColumn]
        old = columns[change.oldColumn]
        let rows = try await session.execute(
            SQLFile.changeRelation.statement, [.oid(table.oid), .textArray(wanted)])
        guard let row = rows.first else {
            throw RunFailure(.configuration, "\(table.quoted) has been dropped; create it with embedding-job schema")
        }
        isPartitioned = try row.bool("is_partitioned")
        isOwner = try row.bool("is_owner")
        estimatedRows = try row.int64("rows")
        byteCount = try row.int64("bytes")
        maintenanceMemory = try row.int64("maintenance_work_mem")
        views = try row.isNull("views") ? nil : try row.text("views")
        config = try row.isNull("config") ? nil : try row.text("config")
        searchIndexes = try await SearchIndex.lookUp(on: serving, of: table, session)
        models = try await Self.models(of: serving, in: table, session)
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

    /// Vectors of a column by model.
    static func models(
        of column: DatasetTable.Column, in table: DatasetTable, _ session: PostgresSession
    ) async throws(PostgresError) -> [[UInt8]: Int] {
        var models: [[UInt8]: Int] = [:]
        let rows = try await session.execute(
            table.statement(.models), [.text(column.stateKey)], timeout: .seconds(300))
        for row in rows { models[try row.bytea("model")] = Int(try row.int64("rows")) }
        return models
    }

    /// The model of most vectors of the serving column, if it is known.
    var servingModel: [UInt8]? { models.mostFrequent }

    /// Whether the column that serves is the one made for the new model.
    var isCutOver: Bool { serving.stateKey == nextName && serving.name != nextName }

    /// Whether the old column was left by a cutover, and not made by somebody else under that name.
    var isOldOurs: Bool { old.map { $0.stateKey != $0.name } ?? false }

    /// A queue for statements that read a column and its notes; without the column's name as a literal it cannot write.
    func queue(
        _ session: PostgresSession, _ column: DatasetTable.Column, _ selection: RowSelection, _ model: [UInt8]
    ) -> DatasetQueue {
        var names = table.names
        names.column = column.name
        var table = DatasetTable(
            names: names, oid: table.oid, quoted: table.quoted,
            columns: table.columns.merging([column.name: column]) { $1 }, vector: table.vector,
            hasNoEncoding: table.hasNoEncoding, statusLiteral: table.statusLiteral, columnLiteral: "")
        (table.ledger, table.state, table.selection) = (self.table.ledger, self.table.state, selection)
        return DatasetQueue(session: session, table: table, model: model)
    }
}

extension [[UInt8]: Int] {
    /// The model of most vectors.
    var mostFrequent: [UInt8]? { self.max { $0.value < $1.value }?.key }
}

extension RunFailure {
    /// What each vector was made from must be known, or edits during a change would go unnoticed.
    static let changeNeedsState = RunFailure(
        .configuration,
        "a change of the model needs the table embedding_state, readable by this role; embedding-job schema --apply creates it"
    )
}
