public import DatasetTable
public import Logging
import Postgres
import SentenceEncoding

/// Gives a table the vectors of another model while searches go on with those of the present one.
///
/// A new column beside the present one is filled by the ordinary drain and indexed; then the two exchange their names in one
/// short transaction. What has been done so far is read from the catalog and the tables each time, so every step can be
/// repeated, and a crash leaves nothing that ``plan(_:storage:)`` does not name. See <doc:0004-model-change>.
public struct ModelChange: Sendable {
    /// How vectors are stored.
    public enum Storage: String, Sendable, CaseIterable {
        /// Four bytes a component.
        case vector
        /// Two bytes a component.
        case halfvec
    }

    let names: DatasetNames
    let model: TargetModel
    let options: EmbeddingRun.Options
    let control: RunControl
    let connector: Connector
    let log: Logger

    /// Prepares a change of the model of one column.
    ///
    /// The vector column of `names` is the one that serves searches. Whatever the options say, outdated vectors of the
    /// new column are replaced in any number. The connector connects as the owner of the table in all steps that change
    /// it.
    public init(
        names: DatasetNames, model: TargetModel, options: EmbeddingRun.Options = .init(), control: RunControl = .init(),
        connector: Connector, log: Logger
    ) {
        self.names = names
        self.model = model
        self.options = options
        self.control = control
        self.connector = connector
        self.log = log
    }

    // MARK: - Parts that several steps share

    /// Reads what has been done so far.
    func inspect() async throws -> ModelChangeTable {
        try await connector.withSession { session in try await ModelChangeTable.read(self, session) }
    }

    /// Drains a column: fills in missing vectors and replaces those of edited rows until a pass finds none.
    func drain(_ column: String, _ encoder: any TextEncoder) async throws -> RunReport {
        var (names, options) = (names, options)
        names.column = column
        (options.replacesOutdated, options.replacesMany) = (true, true)
        // Documents go with the column that searches use; after the cutover the next run brings them up to date.
        options.writesDocuments = false
        let run = try await CheckedRun(of: names, model: model, options: options, connector: connector, log: log)
        return await run.drain(encoder, control: control)
    }

    /// Runs a step that ends in a report, also if it fails.
    func reporting(_ body: () async throws -> RunReport) async -> RunReport {
        do {
            return try await body()
        } catch {
            let failure = RunFailure(error)
            log.error("\(failure.description)")
            var report = RunReport()
            report.exitReason = failure.reason
            return report
        }
    }

    /// Changes the catalog in a transaction that has the table for itself.
    ///
    /// First it claims all shards of the columns, which waits for the batches in hand without anybody noticing; then the lock
    /// on the table comes at once, unless the application holds one for long. While it is waited for, the application's
    /// statements wait too: hence a tenth of a second at first, and two at most.
    ///
    /// - Returns: What the body returns, for how long the lock was waited for, and for how long it was held.
    func exclusively<Result: Sendable>(
        _ table: ResolvedTable, columns: [String], _ body: (PostgresSession) async throws -> Result
    ) async throws -> (result: Result, wait: Duration, hold: Duration) {
        var attempt = 0
        return try await connector.withSession {
            let limit = min(2000, 100 << min(attempt, 5))
            attempt += 1
            try await $0.executeScript(SQLFile.changeBegin.statement)
            let namespaces = columns.map { table.claimNamespace(of: $0) }
            try await $0.execute(table.statement(.claimColumns), [.int4Array(namespaces)], timeout: .seconds(60))
            try await $0.execute(SQLFile.changeLockLimit.statement, [.text("\(limit)ms")])
            let asked = ContinuousClock.now
            try await $0.execute(table.statement(.changeLock))
            let granted = ContinuousClock.now
            guard try await $0.execute(table.statement(.changeSameTable)).first?.bool("is_same") == true else {
                throw RunFailure.tableReplaced(table)
            }
            let result = try await body($0)
            try await $0.execute(.commit)
            return (result, granted - asked, ContinuousClock.now - granted)
        }
    }
}

extension RunFailure {
    /// The name of the table means another one than when the step began.
    static func tableReplaced(_ table: ResolvedTable) -> RunFailure {
        RunFailure(
            .configuration,
            "another table has taken the name \(table.quoted) meanwhile; it was not changed; next: embedding-job backfill plan"
        )
    }
}
