public import Logging
import Postgres
import SentenceEncoding

/// Gives a table the vectors of another model while searches go on with those of the present one.
///
/// A new column beside the present one is filled by the ordinary drain and indexed; then the two exchange their names in one
/// short transaction. What has been done so far is read from the catalogue and the tables each time, so every step can be
/// repeated, and a crash leaves nothing that ``plan(_:)`` does not name. See <doc:0004-ModelChange>.
public struct ModelChange: Sendable {
    /// The model that the table is to have.
    public struct Model: Sendable {
        /// Its name, for people.
        public let name: String
        /// Its fingerprint, 32 bytes.
        public let fingerprint: [UInt8]
        /// The number of components of its vectors.
        public let dimension: Int

        /// Describes a model.
        public init(name: String, fingerprint: [UInt8], dimension: Int) {
            self.name = name
            self.fingerprint = fingerprint
            self.dimension = dimension
        }
    }

    /// How vectors are stored.
    public enum Storage: String, Sendable, CaseIterable {
        /// Four bytes a component.
        case vector
        /// Two bytes a component.
        case halfvec
    }

    let names: DatasetNames
    let model: Model
    let options: EmbeddingRun.Options
    let control: RunControl
    let connect: Lane.Connector
    let log: Logger

    /// Prepares a change of the model of one column.
    ///
    /// - Parameters:
    ///   - names: Table and columns; the vector column is the one that serves searches.
    ///   - options: How to drain; a change replaces outdated vectors of the new column in any number.
    ///   - connect: Opens a connection, for the owner of the table in all steps that change it.
    public init(
        names: DatasetNames, model: Model, options: EmbeddingRun.Options = .init(), control: RunControl = .init(),
        log: Logger, connect: @escaping Lane.Connector
    ) {
        self.names = names
        self.model = model
        self.options = options
        self.control = control
        self.connect = connect
        self.log = log
    }

    /// The column that the new model's vectors go to, the same one for the same model.
    var nextColumn: String { names.column.prefix(utf8Count: 50) + "_" + Preflight.abbreviate(model.fingerprint) }

    /// The column that served until the cutover.
    var oldColumn: String { Self.oldColumn(of: names.column) }

    static func oldColumn(of column: String) -> String { column.prefix(utf8Count: 59) + "_old" }

    // MARK: - Parts that several steps share

    /// Reads what has been done so far.
    func inspect() async throws -> ModelChangeTable {
        let (session, table) = try await Lane.connectPatiently(within: options.retryBudget, log: log, connect) {
            try await ModelChangeTable(self, $0)
        }
        await session.close()
        return table
    }

    /// Drains a column: fills in missing vectors and replaces those of edited rows until a pass finds none.
    func drain(_ column: String, _ encoder: any TextEncoder) async throws -> RunReport {
        var (names, options) = (names, options)
        names.column = column
        (options.replacesOutdated, options.replacesMany) = (true, true)
        let purpose = Preflight.Purpose.run(
            dimension: model.dimension, model: model.fingerprint, replacesOutdated: true)
        let (session, table) = try await Lane.connectPatiently(within: options.retryBudget, log: log, connect) {
            try await Preflight(session: $0, names: names, log: log).check(for: purpose)
        }
        let run = EmbeddingRun(
            sessions: [session] + (await Lane.connectMore(Lane.usualCount - 1, log: log, connect)), table: table,
            encoder: encoder,
            model: model.fingerprint, options: options, control: control, log: log, connect: connect)
        return await run.drain()
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

    /// Changes the catalogue in a transaction that has the table for itself.
    ///
    /// First it claims all shards of the columns, which waits for the batches in hand without anybody noticing; then the lock
    /// on the table comes at once, unless the application holds one for long. While it is waited for, the application's
    /// statements wait too: hence a tenth of a second at first, and two at most.
    ///
    /// - Returns: What the body returns, for how long the lock was waited for, and for how long it was held.
    func exclusively<Result: Sendable>(
        _ table: DatasetTable, columns: [String], _ body: (PostgresSession) async throws -> Result
    ) async throws -> (result: Result, wait: Duration, hold: Duration) {
        var attempt = 0
        let (session, outcome) = try await Lane.connectPatiently(within: options.retryBudget, log: log, connect) {
            let limit = min(2000, 100 << min(attempt, 5))
            attempt += 1
            try await $0.executeScript(SQLFile.changeBegin.statement)
            let namespaces = columns.map(table.claimNamespace)
            try await $0.execute(table.statement(.changeClaim), [.int4Array(namespaces)], timeout: .seconds(60))
            try await $0.execute(SQLFile.changeLockLimit.statement, [.text("\(limit)ms")])
            let asked = ContinuousClock.now
            try await $0.execute(table.statement(.changeLock))
            let granted = ContinuousClock.now
            let result = try await body($0)
            try await $0.execute(PostgresStatement(name: "commit", sql: "COMMIT"))
            return (result, granted - asked, ContinuousClock.now - granted)
        }
        await session.close()
        return outcome
    }
}

extension String {
    /// As many whole characters as fit: PostgreSQL would cut a name at its 63rd byte.
    func prefix(utf8Count limit: Int) -> String {
        var result = self
        while result.utf8.count > limit { result.removeLast() }
        return result
    }
}
