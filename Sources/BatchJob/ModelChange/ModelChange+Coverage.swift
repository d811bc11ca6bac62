import DatasetTable
import Logging
import Postgres
import SentenceEncoding

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

/// How far a column has come, by counting and by a sample: what planning, the cutover and verifying ask for.
extension ModelChange {
    /// Encodes a sample of a column's rows again.
    func verifySample(
        _ encoder: any TextEncoder, _ size: Int, seed: Int64, column: String? = nil
    ) async throws -> VerificationReport {
        var names = names
        names.column = column ?? nextColumn
        var sampling = Verification.Options()
        (sampling.sampleSize, sampling.seed) = (size, seed)
        return try await connector.withSession { session in
            let preflight = Preflight(session: session, names: names, log: log)
            let table = try await Verification.check(
                preflight, dimension: model.dimension, model: model.fingerprint)
            return await Verification(
                session: session, table: table, encoder: encoder, model: model.fingerprint, options: sampling, log: log
            ).verify()
        }
    }

    /// Counts the rows of a column, and those that the ledger holds back.
    func coverage(
        of column: ResolvedTable.Column, in change: ModelChangeTable, _ model: Fingerprint
    ) async throws -> (ModelChangeCoverage, quarantined: Int?) {
        try await connector.withSession { session in
            try await session.readOnly {
                let queue = change.queue(session, column, .missing, model)
                var coverage = ModelChangeCoverage()
                let rows = try await session.execute(
                    queue.table.statement(.changeCoverage), queue.identity, timeout: .tableScan)
                if let row = rows.first {
                    coverage.eligible = try row.count("eligible")
                    coverage.embedded = try row.count("embedded")
                    coverage.outdated = try row.count("outdated")
                }
                return (coverage, try await queue.quarantined())
            }
        }
    }
}
