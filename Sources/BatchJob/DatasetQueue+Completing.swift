import Postgres

/// Writing a batch, and finding the rows the database refuses.
extension DatasetQueue {
    /// What became of the vectors of a batch.
    struct Outcome: Sendable {
        /// Keys of rows that took their vector.
        var written: Set<[UInt8]> = []
        /// Keys of rows that the database refuses by themselves.
        var refused: Set<[UInt8]> = []
        /// Keys of rows that somebody held a lock on.
        var locked: Set<[UInt8]> = []
    }

    typealias Vectors = ArraySlice<(row: DatasetRow, vector: [Float])>

    /// Writes the vectors of a claimed batch, commits, and finds out why rows were left unwritten.
    func complete(_ results: [RowEncoder.Result]) async throws(PostgresError) -> Outcome {
        let vectors = results.compactMap { result -> (row: DatasetRow, vector: [Float])? in
            if case .vector(let vector) = result.outcome { (result.row, vector) } else { nil }
        }
        var outcome = Outcome()
        do throws(PostgresError) {
            if !vectors.isEmpty { outcome.written = try await write(vectors) }
            try await commit()
        } catch {
            guard error.disposition == .row else { throw error }
            try await rollback()
            outcome = try await isolate(vectors[...])
        }
        let unwritten = vectors.map(\.row).filter {
            !outcome.written.contains($0.key) && !outcome.refused.contains($0.key)
        }
        if !unwritten.isEmpty { outcome.locked = try await locked(unwritten) }
        return outcome
    }

    /// Writes in halves, each statement a transaction of its own, down to the rows that are to blame.
    private func isolate(_ vectors: Vectors) async throws(PostgresError) -> Outcome {
        guard !vectors.isEmpty else { return Outcome() }
        do throws(PostgresError) {
            return Outcome(written: try await write(Array(vectors)))
        } catch {
            guard error.disposition == .row else { throw error }
            guard vectors.count > 1 else { return Outcome(refused: Set(vectors.map(\.row.key))) }
            let middle = vectors.startIndex + vectors.count / 2
            let (left, right) = (try await isolate(vectors[..<middle]), try await isolate(vectors[middle...]))
            return Outcome(
                written: left.written.union(right.written), refused: left.refused.union(right.refused))
        }
    }
}
