import Catalog
import DatasetTable
import Logging

/// Asks for descriptions, a few rows at a time.
struct KaggleEnrichment {
    let run: FetchRun
    let views: KaggleViews

    /// Rows that are taken at once: what is taken is this run's for a quarter of an hour.
    private static let rowsAtOnce = 50

    /// Fetches up to a number of them.
    func fetch(limit: Int) async throws -> ExitReason {
        let queue = CatalogQueue(run.catalog, of: .kaggle)
        let progress = FetchProgress(of: run.tally, limit: limit)
        defer { progress.clear() }
        var written = Written(writer: CatalogWriter(run.catalog, run.writer, log: run.log))
        var left = limit
        while left > 0 {
            try run.checkTime()
            let items = try await queue.claim(min(left, Self.rowsAtOnce))
            guard !items.isEmpty else {
                run.tally.update { $0.isComplete = true }
                return .complete
            }
            left -= items.count
            try await fetch(items, queue, &written, progress)
        }
        return .limit
    }

    /// What has been written so far.
    private struct Written {
        var writer: CatalogWriter
        /// Rows out of service because Kaggle does not show them any more.
        var gone = 0

        var counts: CatalogCounts {
            var counts = writer.counts
            counts.deactivated += gone
            return counts
        }
    }

    private func fetch(
        _ items: [CatalogQueue.Item], _ queue: CatalogQueue, _ written: inout Written, _ progress: FetchProgress
    ) async throws {
        for (position, item) in items.enumerated() {
            do {
                try run.checkTime()
                run.tally.update { $0.items += 1 }
                try await fetch(item, queue, &written)
                run.tally.update { [counts = written.counts] in $0.counts = counts }
                progress.update()
            } catch {
                // Others may have them at once; if this fails too, they are due again in a quarter of an hour.
                try? await queue.giveBack(items[position...])
                throw error
            }
        }
    }

    private func fetch(_ item: CatalogQueue.Item, _ queue: CatalogQueue, _ written: inout Written) async throws {
        switch try await views.view(item.reference) {
        case .record(let record):
            if record.reference != item.reference, try await !isRenamed(item, to: record, queue) {
                // The dataset has a row of its own, and this one is none of Kaggle's any more.
                try await fail(item, code: "renamed", isMissing: true, queue, &written)
            }
            try await written.writer.write([record])
        case .none(let code, let isMissing): try await fail(item, code: code, isMissing: isMissing, queue, &written)
        }
    }

    /// Whether a record under another name is about the row that was asked for.
    private func isRenamed(
        _ item: CatalogQueue.Item, to record: CatalogRecord, _ queue: CatalogQueue
    ) async throws -> Bool {
        guard let upstreamID = record.upstreamID else { return false }
        return try await queue.identify(item, as: upstreamID)
    }

    private func fail(
        _ item: CatalogQueue.Item, code: String, isMissing: Bool, _ queue: CatalogQueue, _ written: inout Written
    ) async throws {
        if try await queue.fail(item, code: code, isMissing: isMissing) == .gone { written.gone += 1 }
    }
}
