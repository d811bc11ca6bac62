import Catalog
import CatalogSources
import DatasetTable
import FoundationEssentials
import HTTPFetching
import Logging

/// Goes through a listing, the latest change first, back to what an earlier run has seen.
///
/// A run that ends early leaves the address of its next page behind, and the next run begins there. Only a listing that came to
/// its end moves the watermark, to the latest change that it has begun with: nothing between two runs is lost.
struct ListingFetch {
    /// A page, and the address of the next one.
    struct Page {
        let content: SourcePage
        let next: String?
        /// Where a later run goes on instead, if that is another page.
        var again: String?
    }

    /// So many empty pages in a row are no listing.
    private static let mostEmpty = 3

    /// A stored address is used for so long; later the listing is begun anew.
    private static let cursorLife = Duration.seconds(48 * 3600)
    /// Clocks differ, and a listing may lag behind.
    private static let overlap: TimeInterval = 3600

    let run: FetchRun
    let source: DatasetSource
    /// The name under which its cursor is kept.
    let task: String
    /// The address of the first page.
    let first: String
    /// Most items of a run.
    let limit: Int?
    /// How many days back a first run goes.
    let daysBack: Int?
    let fetch: (String) async throws -> Page
    let store: ([CatalogRecord], inout CatalogWriter) async throws -> Void
    /// Whether a later run ends where this one has begun; otherwise it goes through the whole listing again.
    var keepsWatermark = true

    /// What a listing has come to.
    private enum End {
        case complete, limit
    }

    /// Fetches and stores.
    func callAsFunction() async throws -> ExitReason {
        let progress = FetchProgress(of: run.tally, limit: limit)
        defer { progress.clear() }
        var writer = CatalogWriter(run.catalog, run.writer, log: run.log)
        var cursor = try await run.catalog.cursor(of: source, task: task)
        if let stored = cursor.cursor, cursor.age < Self.cursorLife {
            do {
                let end = try await go(from: stored, isResumed: true, &cursor, &writer, progress)
                if end == .limit { return .limit }
                // Otherwise there may be later changes than those that the listing began with.
                guard keepsWatermark else { return complete() }
            } catch let failure as HTTPFailure where failure.isAboutTarget {
                run.log.notice("the source no longer knows the page where the last run ended; beginning anew")
            }
        }
        (cursor.cursor, cursor.nextWatermark) = (nil, nil)
        return try await go(from: first, isResumed: false, &cursor, &writer, progress) == .limit ? .limit : complete()
    }

    private func complete() -> ExitReason {
        run.tally.update { $0.isComplete = true }
        return .complete
    }

    private func go(
        from target: String, isResumed: Bool, _ cursor: inout SourceCursor, _ writer: inout CatalogWriter,
        _ progress: FetchProgress
    ) async throws -> End {
        let floor = floor(of: cursor)
        var target = target
        var empty = 0
        var isRepeated = isResumed
        while true {
            try run.checkTime()
            let page = try await fetch(target)
            try note(page.content)
            empty = page.content.itemCount == 0 ? empty + 1 : 0
            guard empty < Self.mostEmpty else {
                throw RunFailure(
                    .source, "a listing of \(source.rawValue) goes on with empty pages; try again later, or report it")
            }
            let records = page.content.records.filter { record in
                guard let floor, let updated = record.updated else { return true }
                return updated >= floor
            }
            // One that stands out of order ends nothing.
            let isPast = page.content.records.last { $0.updated != nil }.map { !records.contains($0) } ?? false
            try await write(records, &writer)
            progress.update()
            if cursor.nextWatermark == nil {
                cursor.nextWatermark = records.compactMap(\.updated).max().map { min($0, Date()) } ?? cursor.watermark
            }
            guard let next = page.next, !isPast else { return try await finish(&cursor, writer) }
            (cursor.cursor, target) = (page.again ?? next, next)
            try await run.catalog.note(cursor, of: source, task: task)
            // A page that is read again is no progress.
            defer { isRepeated = false }
            guard let limit, run.tally.report.items >= limit, !(isRepeated && page.again != nil) else { continue }
            guard keepsWatermark else { return .limit }
            // What a first run leaves out is older than anything that it was asked for.
            guard cursor.watermark != nil else { return try await finish(&cursor, writer) }
            run.log.warning(
                "the limit was reached before what an earlier run had seen; the next run goes on there, so raise --limit if this happens each time",
                metadata: ["limit": "\(limit)"])
            return .limit
        }
    }

    /// The time before which nothing is wanted: what an earlier run has seen, or the days before this listing began.
    private func floor(of cursor: SourceCursor) -> Date? {
        if let watermark = cursor.watermark { return watermark.addingTimeInterval(-Self.overlap) }
        guard let daysBack else { return nil }
        return (cursor.nextWatermark ?? Date()).addingTimeInterval(-86_400 * Double(daysBack))
    }

    private func finish(_ cursor: inout SourceCursor, _ writer: CatalogWriter) async throws -> End {
        try writer.checkSuccess(atEnd: true)
        guard !writer.metLocks else {
            // The next run is to be told of them again.
            (cursor.cursor, cursor.nextWatermark) = (nil, nil)
            try await run.catalog.note(cursor, of: source, task: task)
            throw RunFailure(
                .database,
                "rows were locked by somebody else and could not be brought up to date; the next run tries again")
        }
        if keepsWatermark { cursor.watermark = cursor.nextWatermark ?? cursor.watermark }
        (cursor.cursor, cursor.nextWatermark) = (nil, nil)
        try await run.catalog.note(cursor, of: source, task: task)
        return .complete
    }

    private func write(_ records: [CatalogRecord], _ writer: inout CatalogWriter) async throws {
        do {
            try await store(records, &writer)
        } catch {
            run.tally.update { [counts = writer.counts] in $0.counts = counts }
            throw error
        }
        run.tally.update { [counts = writer.counts] in $0.counts = counts }
    }

    /// Counts what is on a page; throws if so much of it is unusable that the format must have changed.
    private func note(_ page: SourcePage) throws {
        run.tally.update { report in
            report.pages += 1
            report.items += page.itemCount
            report.skipped += page.faultyItems
            report.errors.merge(page.faults) { $0 + $1 }
        }
        for item in page.firstFaulty {
            run.log.warning("an item cannot be used", metadata: ["code": "\(item.code)"])
            run.log.debug("it is called", metadata: ["reference": "\(item.reference ?? "nothing")"])
        }
        guard !page.isFormatChanged else {
            throw RunFailure(
                .source,
                "\(page.faultyItems) of \(page.itemCount) items of a page of \(source.rawValue) cannot be used, so its format has changed; save an answer with catalog-fetch record and report it"
            )
        }
    }
}

extension HTTPFailure {
    /// Whether what was asked for is of no use to the source, or not its any more.
    fileprivate var isAboutTarget: Bool {
        switch self {
        case .item, .foreignLink, .badURL: true
        default: false
        }
    }
}
