import DatasetTable
import Logging
import Postgres
public import SentenceEncoding

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

    // MARK: - Recall

    /// Vectors that are searched for, and neighbors that each search asks for.
    private static let (searches, neighbors) = (20, 10)

    /// The share of the true nearest neighbors that each search index of a column finds.
    private func recall(
        of column: ResolvedTable.Column, _ change: ModelChangeTable, seed: Int64
    ) async throws -> [String: Double] {
        try await connector.withSession { session in
            let queue = change.queue(session, column, .embedded, model.fingerprint)
            var recall: [String: Double] = [:]
            let indexes = try await session.readOnly {
                try await SearchIndex.lookUp(on: column, of: change.table, session)
            }
            for index in indexes where index.isValid {
                let (exact, found) = try await session.readOnly {
                    let keys = try await queue.sample(Self.searches, seed: seed)
                    let vectors = try await queue.stored(keys[...]).map(\.vector)
                    return (
                        try await nearest(vectors, index, queue, .changeWithoutIndex),
                        try await nearest(vectors, index, queue, .changeWithIndex)
                    )
                }
                let counts = zip(exact, found).map { exact, found in
                    // By distance, since of equally distant neighbors either search may name any.
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

    /// The distances of each vector's nearest neighbors in the table.
    private func nearest(
        _ vectors: [[Float]], _ index: SearchIndex, _ queue: DatasetQueue, _ method: SQLFile
    ) async throws(PostgresError) -> [[Double]] {
        try await queue.session.executeScript(method.statement)
        let table = queue.table
        let statement = table.statement(
            .changeNearest,
            [
                "{INDEX_KEY}": "(\(index.key))", "{OPERATOR}": index.operatorName, "{KEY_TYPE}": index.keyType,
                "{AND_PREDICATE}": index.predicate.isEmpty ? "" : " AND (\(index.predicate))",
            ])
        var distances: [[Double]] = []
        for vector in vectors {
            let rows = try await queue.session.execute(
                statement,
                [.vector(vector, typeOID: table.vector.oid), .int4(Int32(Self.neighbors))], timeout: .tableScan)
            var nearest: [Double] = []
            for row in rows { nearest.append(try row.float8("distance")) }
            distances.append(nearest)
        }
        return distances
    }
}
