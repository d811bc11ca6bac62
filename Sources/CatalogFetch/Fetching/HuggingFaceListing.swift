import Catalog
import CatalogSources
import DatasetTable
import FoundationEssentials
import HTTPFetching
import Logging

/// The listing of the Hugging Face Hub.
struct HuggingFaceListing {
    let run: FetchRun
    let fetcher: HTTPFetcher
    let limit: Int?

    /// The largest page that is known to work.
    private static let largestPage = 1000

    /// Items of a page: as few pages as will do, and no more items than wanted.
    private var pageSize: Int {
        guard let limit else { return Self.largestPage }
        let pages = (limit + Self.largestPage - 1) / Self.largestPage
        return (limit + pages - 1) / pages
    }

    /// Fetches what has changed since the last run.
    func fetchLatest(daysBack: Int) async throws -> ExitReason {
        let first = HuggingFace.listingTarget(limit: pageSize, order: .lastModified)
        return try await ListingFetch(
            run: run, source: .huggingFace, task: "latest", first: first, limit: limit,
            daysBack: daysBack, fetch: pages(from: first),
            store: { records, writer in try await writer.write(records) })()
    }

    /// Fetches everything, and takes out of service what is not there any more.
    ///
    /// The order is that of creation: by the time of the last change a dataset could move past the page at hand.
    func fetchAll() async throws -> ExitReason {
        let began = Date()
        let stored = try await run.catalog.cursor(of: .huggingFace, task: "full")
        var seen = SeenReferences(start: began)
        var isWhole = stored.cursor == nil
        let first = HuggingFace.listingTarget(limit: pageSize, order: .createdAt)
        let pages = pages(from: first)
        let reason = try await ListingFetch(
            run: run, source: .huggingFace, task: "full", first: first, limit: limit, daysBack: nil,
            fetch: { target in
                if target == first { (seen, isWhole) = (SeenReferences(start: began), true) }
                let page = try await pages(target)
                // An item without a name may be any dataset.
                if page.content.faultyItems > page.content.firstFaulty.count { isWhole = false }
                for item in page.content.firstFaulty {
                    if let reference = item.reference { seen.insert(reference) } else { isWhole = false }
                }
                for record in page.content.records { seen.insert(record.reference) }
                return page
            }, store: { records, writer in try await writer.write(records) }, keepsWatermark: false)()
        guard reason == .complete, isWhole else { return reason }
        var writer = CatalogWriter(run.catalog, run.writer, log: run.log)
        try await writer.deactivateAbsent(from: .huggingFace, seen: seen)
        run.tally.update { [deactivated = writer.counts.deactivated] in $0.counts.deactivated += deactivated }
        return .complete
    }

    /// Fetches pages, each by its address.
    private func pages(from first: String) -> (String) async throws -> ListingFetch.Page {
        var listing = HTTPFetcher.Listing()
        return { target in
            if target == first { listing = HTTPFetcher.Listing() }
            let page = try await fetcher.get(target) { try HuggingFace.page($0, now: Date()) }
            return ListingFetch.Page(content: page.value, next: try listing.next(after: page.answer))
        }
    }
}
