import Logging
import Postgres
public import SentenceEncoding

/// What `embedding-job backfill verify` found.
public struct ModelChangeVerification: Sendable, Equatable {
    /// The column that was looked at.
    public internal(set) var column = ""
    /// How far it has come.
    public internal(set) var coverage = ModelChangeCoverage()
    /// Eligible rows that failed with the new model and are held back; `nil` without a ledger.
    public internal(set) var quarantined: Int?
    /// A sample, encoded again.
    public internal(set) var sample = VerificationReport()
    /// By search index, the share of true nearest neighbours that it finds.
    public internal(set) var recall: [String: Double] = [:]
    /// Why the verification ended.
    public internal(set) var exitReason = ExitReason.verified

    /// One line of JSON, unknown values `null`, without a line feed.
    public var json: String {
        JSONLine.object([
            ("column", JSONLine.text(column)), ("eligible", JSONLine.number(coverage.eligible)),
            ("embedded", JSONLine.number(coverage.embedded)), ("missing", JSONLine.number(coverage.missing)),
            ("outdated", JSONLine.number(coverage.outdated)), ("quarantined", JSONLine.number(quarantined)),
            ("checked", JSONLine.number(sample.checked)), ("different", JSONLine.number(sample.different)),
            ("smallest_cosine", JSONLine.number(sample.smallestCosine)),
            ("rounding_error", JSONLine.number(sample.roundingError)),
            (
                "recall",
                JSONLine.object(recall.sorted { $0.key < $1.key }.map { ($0.key, JSONLine.number($0.value)) })
            ),
            ("exit_reason", JSONLine.text(exitReason.rawValue)),
        ])
    }
}

/// How far a column has come with a model.
public struct ModelChangeCoverage: Sendable, Equatable {
    /// Rows that qualify for a vector.
    public internal(set) var eligible = 0
    /// Eligible rows that have one.
    public internal(set) var embedded = 0
    /// Eligible rows whose vector was made from another text, or by another model.
    public internal(set) var outdated = 0

    /// Eligible rows without a vector.
    public var missing: Int { eligible - embedded }
}

extension ModelChange {
    /// Counts what is missing, encodes a sample again, and compares the new index with exact search.
    ///
    /// After a cutover it is the serving column that is verified.
    public func verify(
        _ encoder: any TextEncoder, sampleSize: Int = 100, seed: Int64 = 0, minRecall: Double = 0.9
    ) async -> ModelChangeVerification {
        var report = ModelChangeVerification()
        do {
            let change = try await inspect()
            let subject = try change.isCutOver ? change.serving : change.requireNext(self)
            report.column = subject.name
            (report.coverage, report.quarantined) = try await coverage(of: subject, in: change, model.fingerprint)
            report.sample = try await verifySample(encoder, sampleSize, seed: seed, column: subject.name)
            report.recall = try await recall(of: subject, change, seed: seed)
            let missing = max(0, report.coverage.missing - (report.quarantined ?? 0))
            let isSound =
                missing + report.coverage.outdated + report.sample.different == 0
                && report.recall.values.allSatisfy { $0 >= minRecall }
            report.exitReason = !report.sample.isComplete ? report.sample.exitReason : isSound ? .verified : .findings
        } catch {
            let failure = RunFailure(error)
            log.error("\(failure.description)")
            report.exitReason = failure.reason
        }
        return report
    }

    /// Encodes a sample of a column's rows again.
    func verifySample(
        _ encoder: any TextEncoder, _ size: Int, seed: Int64, column: String? = nil
    ) async throws -> VerificationReport {
        var names = names
        names.column = column ?? nextColumn
        var sampling = Verification.Options()
        (sampling.sampleSize, sampling.seed) = (size, seed)
        return try await withSession { session in
            let preflight = Preflight(session: session, names: names, log: log)
            let table = try await session.readOnly {
                try await preflight.check(for: .verify(dimension: model.dimension))
            }
            return await Verification(
                session: session, table: table, encoder: encoder, model: model.fingerprint, options: sampling, log: log
            ).verify()
        }
    }

    /// Counts the rows of a column, and those that the ledger holds back.
    func coverage(
        of column: DatasetTable.Column, in change: ModelChangeTable, _ model: [UInt8]
    ) async throws -> (ModelChangeCoverage, quarantined: Int?) {
        try await withSession { session in
            try await session.readOnly {
                let queue = change.queue(session, column, .missing, model)
                var coverage = ModelChangeCoverage()
                let rows = try await session.execute(
                    queue.table.statement(.changeCoverage), queue.identity, timeout: .seconds(300))
                if let row = rows.first {
                    coverage.eligible = Int(try row.int64("eligible"))
                    coverage.embedded = Int(try row.int64("embedded"))
                    coverage.outdated = Int(try row.int64("outdated"))
                }
                return (coverage, try await queue.quarantined())
            }
        }
    }

    // MARK: - Recall

    /// Vectors that are searched for, and neighbours that each search asks for.
    private static let (searches, neighbours) = (20, 10)

    /// The share of the true nearest neighbours that each search index of a column finds.
    private func recall(
        of column: DatasetTable.Column, _ change: ModelChangeTable, seed: Int64
    ) async throws -> [String: Double] {
        try await withSession { session in
            let queue = change.queue(session, column, .embedded, model.fingerprint)
            var recall: [String: Double] = [:]
            for index in try await SearchIndex.lookUp(on: column, of: change.table, session) where index.isValid {
                let (exact, found) = try await session.readOnly {
                    let keys = try await queue.sample(Self.searches, seed: seed)
                    let vectors = try await queue.stored(keys[...]).map(\.vector)
                    return (
                        try await nearest(vectors, index, queue, .changeWithoutIndex),
                        try await nearest(vectors, index, queue, .changeWithIndex)
                    )
                }
                let counts = zip(exact, found).map { exact, found in
                    // By distance, since of equally distant neighbours either search may name any.
                    (found: found.count { $0 <= (exact.last ?? 0) + 1e-6 }, all: exact.count)
                }
                let all = counts.reduce(0) { $0 + $1.all }
                if all > 0 {
                    recall[index.name] = Double(counts.reduce(0) { $0 + min($1.found, $1.all) }) / Double(all)
                }
            }
            return recall
        }
    }

    /// The distances of each vector's nearest neighbours in the table.
    private func nearest(
        _ vectors: [[Float]], _ index: SearchIndex, _ queue: DatasetQueue, _ method: SQLFile
    ) async throws(PostgresError) -> [[Double]] {
        try await queue.session.executeScript(method.statement)
        let table = queue.table
        let sql = table.fill(
            SQLFile.changeNearest.text,
            [
                "{INDEX_KEY}": "(\(index.key))", "{OPERATOR}": index.operatorName, "{KEY_TYPE}": index.keyType,
                "{AND_PREDICATE}": index.predicate.isEmpty ? "" : " AND (\(index.predicate))",
            ])
        var distances: [[Double]] = []
        for vector in vectors {
            let rows = try await queue.session.execute(
                PostgresStatement(name: "nearest", sql: sql),
                [.vector(vector, typeOID: table.vector.oid), .int4(Int32(Self.neighbours))], timeout: .seconds(300))
            var nearest: [Double] = []
            for row in rows { nearest.append(try row.float8("distance")) }
            distances.append(nearest)
        }
        return distances
    }
}
