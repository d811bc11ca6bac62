import DatasetTable
import Logging
import Postgres

extension ReconnectingQueue {
    /// How many documents a transaction writes: a tenth of a second's work.
    private static let documentsPerTransaction = 500

    /// Writes the documents that are missing or out of date, and removes those whose row is gone.
    ///
    /// Without them rows are found by their vectors alone, so nothing that the server says of them ends a run, unless it is
    /// away for good.
    ///
    /// - Returns: Why it was ended early, if it was.
    func fillDocuments(_ log: Logger) async throws -> ExitReason? {
        do {
            var outcome = DatasetQueue.DocumentOutcome()
            let interruption = try await fillDocuments(&outcome)
            let removed =
                try await interruption == nil
                ? retrying { (queue, _) throws(PostgresError) in try await queue.removeOrphanedDocuments() } : 0
            if let refusal = outcome.refusal {
                log.warning(
                    "rows are found by their vectors alone, because the server can make no document of them",
                    metadata: metadata([.rows: "\(outcome.refused)", .code: "\(refusal.sqlState)"]))
            }
            if outcome.written + removed > 0 {
                log.info(
                    "documents brought up to date",
                    metadata: metadata([.rows: "\(outcome.written)", .removed: "\(removed)"]))
            }
            if interruption == nil { try await warnOfMissingDocuments(besides: outcome.refused, log) }
            return interruption
        } catch let error as PostgresError {
            guard case .serverError(let refusal) = error, error.disposition != .retry else { throw error }
            await warnings.warn(.document, .refused(refusal))
            return nil
        }
    }

    /// Without a state nobody knows whether the text is still the one that was encoded.
    private func warnOfMissingDocuments(besides refused: Int, _ log: Logger) async throws {
        let count = try await reading { queue throws(PostgresError) in try await queue.undocumentedCount() }
        guard count > refused else { return }
        log.warning(
            "rows are found by their vectors alone: their text was edited since, or embedding_state does not know them",
            metadata: metadata([
                .rows: "\(count - refused)",
                .remedy: "embedding-job run --stale, with --include-unknown for the latter",
            ]))
    }

    private func fillDocuments(_ outcome: inout DatasetQueue.DocumentOutcome) async throws -> ExitReason? {
        var last: RowKey?
        while true {
            let keys = try await reading { queue throws(PostgresError) in try await queue.undocumented(after: last) }
            var rest = keys[...]
            while !rest.isEmpty {
                if let interruption = await control.reason { return interruption }
                let chunk = rest.prefix(Self.documentsPerTransaction)
                // What was written before the connection broke is written again, to no effect.
                try await retrying { (queue, _) throws(PostgresError) in try await queue.document(chunk, &outcome) }
                rest = rest.dropFirst(chunk.count)
            }
            guard keys.count == DatasetQueue.documentPageSize else { return nil }
            last = keys.last
        }
    }
}
