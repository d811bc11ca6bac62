import Catalog
import DatasetTable
import HTTPFetching
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
        var writer = CatalogWriter(run.catalog, run.writer, log: run.log)
        var left = limit
        while left > 0 {
            try run.checkTime()
            let items = try await queue.claim(min(left, Self.rowsAtOnce))
            guard !items.isEmpty else {
                run.tally.update { $0.isComplete = true }
                return .complete
            }
            left -= items.count
            try await fetch(items, queue, &writer, progress)
        }
        return .limit
    }

    private func fetch(
        _ items: [CatalogQueue.Item], _ queue: CatalogQueue, _ writer: inout CatalogWriter, _ progress: FetchProgress
    ) async throws {
        for (position, item) in items.enumerated() {
            do {
                try run.checkTime()
                run.tally.update { $0.items += 1 }
                try await fetch(item, queue, &writer)
                run.tally.update { [counts = writer.counts] in $0.counts = counts }
                progress.update()
            } catch {
                // Others may have them at once; if this fails too, they are due again in a quarter of an hour.
                let isAnswered = (error as? HTTPFailure)?.isAboutAnswer == true
                if isAnswered { _ = try? await queue.fail(item, code: "unavailable", isMissing: false) }
                try? await queue.giveBack(items[(position + (isAnswered ? 1 : 0))...])
                throw error
            }
        }
    }

    private func fetch(_ item: CatalogQueue.Item, _ queue: CatalogQueue, _ writer: inout CatalogWriter) async throws {
        switch try await views.view(item.reference) {
        case .record(let record):
            if record.reference != item.reference, try await !isRenamed(item, to: record, queue) {
                // The dataset has a row of its own, and this one is none of Kaggle's any more.
                try await fail(item, code: "renamed", isMissing: true, queue)
            }
            let refused = writer.counts.failed
            try await writer.write([record])
            // One that the table does not take is not asked for again and again.
            guard writer.counts.failed != refused else { return }
            _ = try await queue.fail(item, code: "refused", isMissing: false)
        case .none(let code, let isMissing): try await fail(item, code: code, isMissing: isMissing, queue)
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
        _ item: CatalogQueue.Item, code: String, isMissing: Bool, _ queue: CatalogQueue
    ) async throws {
        if try await queue.fail(item, code: code, isMissing: isMissing) == .gone {
            run.tally.update { $0.gone += 1 }
        }
    }
}
