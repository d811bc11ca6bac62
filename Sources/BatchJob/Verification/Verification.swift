public import DatasetTable
public import Logging
public import Postgres
public import SentenceEncoding

/// Compares stored vectors with what the model gives for their rows today; writes nothing.
///
/// Where every vector came from is counted by the state table, if there is one. A sample is encoded again, because the
/// state table knows what a run wrote, not what somebody else put in its place.
public struct Verification: Sendable {
    /// What a verification may be told.
    public struct Options: Sendable {
        /// Most rows to encode again.
        public var sampleSize = 100
        /// Chooses the rows: the same seed the same rows.
        public var seed: Int64 = 0

        /// The defaults: 100 rows.
        public init() {}
    }

    private static let pageSize = 100
    private static let mostNamedRows = 20

    private let queue: DatasetQueue
    private let encoder: any TextEncoder
    private let options: Options
    private let log: Logger

    /// Confirms the table for a verification by a model, or throws a `RunFailure` that lists all findings.
    public static func check(
        _ preflight: Preflight, dimension: Int, model: Fingerprint
    ) async throws -> ResolvedTable {
        try await preflight.check(for: .verify(dimension: dimension)) { table in
            DatasetQueue(session: preflight.session, table: table, model: model).verificationTrials
        }
    }

    /// Prepares the verification of a table that ``check(_:dimension:model:)`` has confirmed.
    public init(
        session: PostgresSession, table: ResolvedTable, encoder: any TextEncoder, model: Fingerprint, options: Options,
        log: Logger
    ) {
        var table = table
        table.selection = .embedded
        queue = DatasetQueue(session: session, table: table, model: model)
        self.encoder = encoder
        self.options = options
        self.log = log
    }

    /// Counts, compares and reports; a failure is in the report's ``VerificationReport/exitReason`` and in the log.
    public func verify() async -> VerificationReport {
        var report = VerificationReport()
        do {
            try await verify(&report)
            report.exitReason = report.hasFindings ? .findings : .verified
        } catch {
            let failure = RunFailure(error)
            log.error("verification ended early", metadata: metadata([.error: failure.description]))
            report.exitReason = failure.reason
        }
        return report
    }

    private func verify(_ report: inout VerificationReport) async throws {
        let keys = try await queue.session.readOnly {
            if queue.table.state != nil { report.states = try await countStates() }
            return try await queue.sample(options.sampleSize, seed: options.seed)
        }
        let rowEncoder = try await RowEncoder(encoder, log: log)
        for start in stride(from: 0, to: keys.count, by: Self.pageSize) {
            let page = keys[start..<min(start + Self.pageSize, keys.count)]
            // A transaction of its own: no snapshot is held while texts are encoded.
            var unreadable: [FailedRow] = []
            let stored = try await queue.session.readOnly {
                try await queue.stored(page)
            } orInPieces: {
                // What fails without any row is of no row.
                _ = try await queue.stored([])
                return try await queue.storedInPieces(page, &unreadable)
            }
            report.different += unreadable.count
            for failed in unreadable { log.warning("row cannot be read", metadata: failed.logMetadata) }
            compare(stored, with: try await rowEncoder.encode(stored.map(\.row)), &report)
        }
        if report.different > Self.mostNamedRows {
            log.warning(
                "more vectors differ", metadata: metadata([.count: "\(report.different - Self.mostNamedRows)"]))
        }
    }

    /// Where the vectors come from; `nil` if a row cannot be read, so that its text cannot be compared.
    private func countStates() async throws(PostgresError) -> VectorStates? {
        try await queue.session.executeScript(queue.statements.savepoint)
        do throws(PostgresError) {
            return try await queue.states()
        } catch {
            guard error.disposition == .row, let code = error.sqlState?.code else { throw error }
            try await queue.session.executeScript(queue.statements.rollbackToSavepoint)
            log.warning(
                "what vectors were made from is not counted, because a row cannot be read",
                metadata: metadata([.code: code]))
            return nil
        }
    }

    private func compare(_ stored: [StoredRow], with encoded: EncodedBatch, _ report: inout VerificationReport) {
        let vectors = Dictionary(encoded.rows.map { ($0.row.key, $0.vector) }) { $1 }
        let codes = Dictionary(encoded.failures.map { ($0.row.key, $0.code) }) { $1 }
        for stored in stored {
            let vector = vectors[stored.row.key]
            let cosine = vector.map { Self.cosine(stored.vector, $0) }
            if let vector, let cosine {
                report.smallestCosine = min(report.smallestCosine ?? 1, cosine)
                let isHalf = queue.table.vectorColumn.isHalf
                let agreement = Agreement(of: stored.vector, with: vector, isHalf: isHalf)
                switch agreement {
                case .exact: report.exact += 1
                case .close: report.close += 1
                case .different: break
                }
                if agreement != .different {
                    if isHalf {
                        let error = zip(stored.vector, vector).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
                        report.roundingError = max(report.roundingError ?? 0, error)
                    }
                    continue
                }
            }
            // A text that gives no vector cannot be where this one came from; nor is one that cannot be read.
            report.different += 1
            guard report.different <= Self.mostNamedRows else { continue }
            var values: Logger.Metadata = metadata([.row: stored.row.label])
            values[LogKey.cosine.rawValue] = cosine.map { "\($0)" }
            values[LogKey.code.rawValue] = codes[stored.row.key].map { "\($0)" }
            log.warning("vector differs", metadata: values)
        }
    }

    /// The cosine of the angle between two vectors; 0 if one has no direction or they are of different spaces.
    private static func cosine(_ first: [Float], _ second: [Float]) -> Double {
        guard first.count == second.count else { return 0 }
        var (product, firstSquare, secondSquare) = (0.0, 0.0, 0.0)
        for (first, second) in zip(first, second) {
            product += Double(first) * Double(second)
            firstSquare += Double(first) * Double(first)
            secondSquare += Double(second) * Double(second)
        }
        let norms = (firstSquare * secondSquare).squareRoot()
        return norms > 0 ? min(1, product / norms) : 0
    }
}
