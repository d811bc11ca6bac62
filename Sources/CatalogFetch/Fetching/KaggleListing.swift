import Catalog
import CatalogSources
import DatasetTable
import FoundationEssentials
import HTTPFetching
import Logging

/// The listing of Kaggle's datasets, and the views of those that are new or have changed.
struct KaggleListing {
    private let run: FetchRun
    private let fetcher: HTTPFetcher
    private let views: KaggleViews

    init(run: FetchRun, fetcher: HTTPFetcher) {
        self.run = run
        self.fetcher = fetcher
        views = KaggleViews(run: run, fetcher: fetcher)
    }

    /// Later pages are empty, whatever there is.
    private static let lastPage = 500

    /// Fetches what has changed since the last run.
    func fetchLatest(limit: Int) async throws -> ExitReason {
        try await ListingFetch(
            run: run, source: .kaggle, task: "latest", first: Kaggle.listingTarget(page: 1), limit: limit,
            daysBack: nil,
            fetch: page, store: store)()
    }

    private func page(_ target: String) async throws -> ListingFetch.Page {
        let content = try await fetcher.get(target) { try Kaggle.page($0, now: Date()) }.value
        guard let number = Kaggle.page(ofTarget: target), content.itemCount > 0 else {
            return ListingFetch.Page(content: content, next: nil)
        }
        guard number < Self.lastPage else {
            run.log.warning(
                "Kaggle lists no more datasets, and what the last run has seen was not among them; catalog-fetch kaggle-seed has the rest"
            )
            return ListingFetch.Page(content: content, next: nil)
        }
        // Datasets may go meanwhile and others move up, so a later run begins with this page again.
        return ListingFetch.Page(content: content, next: Kaggle.listingTarget(page: number + 1), again: target)
    }

    /// Stores a page; what is new or has changed is asked for first, since a listing may lack the description.
    private func store(_ records: [CatalogRecord], _ writer: inout CatalogWriter) async throws {
        let outdated = try await run.catalog.outdated(records)
        try await writer.write(records.enumerated().filter { outdated[$0.offset] == nil }.map(\.element))
        for (position, row) in outdated.sorted(by: { $0.key < $1.key }) {
            try run.checkTime()
            let record = records[position]
            do {
                switch try await views.view(record.reference) {
                case .record(let whole): try await writer.write([Self.merged(whole, record)])
                case .none(let code, let isMissing): try await postpone(record, row, code, isMissing, &writer)
                }
            } catch let failure as HTTPFailure where failure.isAboutAnswer {
                try await postpone(record, row, "unavailable", false, &writer)
                throw failure
            }
        }
    }

    /// What a view says, with what the listing alone does.
    private static func merged(_ whole: CatalogRecord, _ listed: CatalogRecord) -> CatalogRecord {
        var record = whole
        // Otherwise a listing that has a later time than the view would be asked for again each time.
        record.updated = [whole.updated, listed.updated].compactMap(\.self).max()
        record.isActive = whole.isActive && listed.isActive
        return record
    }

    /// Leaves a dataset that cannot be had to kaggle-enrich.
    private func postpone(
        _ record: CatalogRecord, _ row: CatalogQueue.Item?, _ code: String, _ isMissing: Bool,
        _ writer: inout CatalogWriter
    ) async throws {
        guard let row else { return try await writer.write([record]) }
        let failure = try await CatalogQueue(run.catalog, of: .kaggle).fail(row, code: code, isMissing: isMissing)
        if failure == .gone { run.tally.update { $0.gone += 1 } }
    }
}
