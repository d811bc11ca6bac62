import Catalog
import CatalogSources
import DatasetTable
import FoundationEssentials
import HTTPFetching
import Logging

/// The listing of Kaggle's datasets, and the views of those that are new or have changed.
struct KaggleListing {
    let run: FetchRun
    let fetcher: HTTPFetcher

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
        return ListingFetch.Page(content: content, next: Kaggle.listingTarget(page: number + 1))
    }

    /// Stores a page; what is new or has changed is asked for first, since a listing may lack the description.
    private func store(_ records: [CatalogRecord], _ writer: inout CatalogWriter) async throws {
        let queue = CatalogQueue(run.catalog, of: .kaggle)
        let views = KaggleViews(run: run, fetcher: fetcher)
        let outdated = try await run.catalog.outdated(records)
        try await writer.write(records.enumerated().filter { outdated[$0.offset] == nil }.map(\.element))
        for (position, row) in outdated.sorted(by: { $0.key < $1.key }) {
            try run.checkTime()
            let record = records[position]
            switch try await views.view(record.reference) {
            case .record(var whole):
                // Otherwise a listing that has a later time than the view would be asked for again each time.
                whole.updated = [whole.updated, record.updated].compactMap(\.self).max()
                try await writer.write([whole])
            case .none(let code, let isMissing):
                if let row {
                    _ = try await queue.fail(row, code: code, isMissing: isMissing)
                } else {
                    // It is known from now on, and asked for again by kaggle-enrich.
                    try await writer.write([record])
                }
            }
        }
    }
}
