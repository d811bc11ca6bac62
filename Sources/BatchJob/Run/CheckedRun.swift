public import DatasetTable
public import Logging
import Postgres
public import SentenceEncoding

/// The model that a table gets its vectors from, as far as it is known before its weights are loaded.
public struct TargetModel: Sendable {
    /// Its name, for people.
    public let name: String
    /// What tells it from any other.
    public let fingerprint: Fingerprint
    /// The number of components of its vectors.
    public let dimension: Int

    /// Describes a model.
    public init(name: String, fingerprint: Fingerprint, dimension: Int) {
        self.name = name
        self.fingerprint = fingerprint
        self.dimension = dimension
    }
}

/// A run whose first connection is open and whose table has been found fit for it; the weights may still be loading.
public struct CheckedRun: Sendable {
    /// Two overlap database and computation; more would only hold more claims.
    public static let usualConnectionCount = 2

    private let session: PostgresSession
    private let table: ResolvedTable
    private let model: TargetModel
    private let options: EmbeddingRun.Options
    private let connector: Connector
    private let log: Logger

    /// Connects and checks the table, or throws a `RunFailure` that lists all that is wrong.
    ///
    /// Where nothing will be written (`isDryRun`), a standby is as good. The check itself can write nothing.
    public init(
        of names: DatasetNames, model: TargetModel, options: EmbeddingRun.Options, isDryRun: Bool = false,
        connector: Connector, log: Logger
    ) async throws {
        let purpose = Preflight.Purpose.run(
            dimension: model.dimension, model: model.fingerprint, replacesOutdated: options.replacesOutdated,
            writesDocuments: options.writesDocuments)
        (session, table) = try await connector.open { session in
            try await Preflight(session: session, names: names, log: log, isDryRun: isDryRun).check(for: purpose) {
                table in
                var selections = [RowSelection.missing]
                if options.replacesOutdated, table.state != nil {
                    selections.append(.outdated(includingUnknown: options.replacesUnknown))
                }
                return selections.flatMap { selection in
                    var table = table
                    table.selection = selection
                    return DatasetQueue(session: session, table: table, model: model.fingerprint).drainTrials
                }
            }
        }
        (self.model, self.options, self.connector, self.log) = (model, options, connector, log)
    }

    /// Host, port and database.
    public var endpoint: String { session.endpoint }

    /// Drains the table over this many connections, or as many as there are to be had.
    public func drain(
        _ encoder: any TextEncoder, connections: Int = Self.usualConnectionCount, control: RunControl
    ) async -> RunReport {
        let run = EmbeddingRun(
            sessions: [session] + (await connector.more(connections - 1)), table: table, encoder: encoder,
            model: model.fingerprint, options: options, control: control, log: log, connector: connector)
        return await run.drain()
    }

    /// Counts what ``drain(_:connections:control:)`` would do, and writes nothing.
    ///
    /// After `samplingTime` no more of the sample is encoded.
    public func forecast(
        _ encoder: any TextEncoder, control: RunControl, samplingTime: Duration = .seconds(2)
    ) async -> RunReport {
        let dryRun = DryRun(
            session: session, table: table, encoder: encoder, model: model.fingerprint, options: options,
            control: control, samplingTime: samplingTime, log: log)
        let report = await dryRun.forecast()
        await session.close()
        return report
    }
}
