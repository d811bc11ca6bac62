import Catalog
import CatalogSources
import DatasetTable
import HTTPFetching

/// What a run did, in numbers; ``json`` is the one line on standard output.
struct FetchReport: Sendable {
    /// The source.
    let source: DatasetSource
    /// Requests, repetitions and waits.
    var usage = HTTPFetcher.Usage()
    /// Rows out of service because their source has not shown them on two days.
    var gone = 0
    /// Items of the source that were looked at.
    var items = 0
    /// What became of them in the table.
    var counts = CatalogCounts()
    /// Items that are left out because nothing can be made of them, or that could not be had.
    var skipped = 0
    /// Pages of a listing.
    var pages = 0
    /// Whether all that was wanted of the source has been seen.
    var isComplete = false
    /// How often what went wrong, by a code: the SQLSTATE of a row, the status of an item, what is wrong with a value.
    var errors: [String: Int] = [:]
    /// Wall time.
    var duration = Duration.zero
    /// Why the run ended.
    var exitReason = ExitReason.complete

    init(source: DatasetSource) {
        self.source = source
    }

    /// Everything that went wrong, sorted by its code.
    var errorCounts: [(key: String, value: Int)] {
        errors.merging(counts.failed) { $0 + $1 }.sorted { $0.key < $1.key }
    }

    /// One line of JSON, keys in a fixed order, without a line feed.
    var json: String {
        JSONLine.object([
            ("source", JSONLine.text(source.rawValue)), ("requests", JSONLine.number(usage.requests)),
            ("retries", JSONLine.number(usage.retries)), ("waited_seconds", Self.seconds(usage.waited)),
            ("items", JSONLine.number(items)), ("inserted", JSONLine.number(counts.inserted)),
            ("updated", JSONLine.number(counts.updated)), ("unchanged", JSONLine.number(counts.unchanged)),
            ("text_changed", JSONLine.number(counts.textChanged)),
            ("failed", JSONLine.number(counts.failed.values.reduce(0, +))), ("skipped", JSONLine.number(skipped)),
            ("deactivated", JSONLine.number(counts.deactivated + gone)), ("pages", JSONLine.number(pages)),
            ("complete", isComplete ? "true" : "false"), ("cleaning", JSONLine.number(TextCleaning.version)),
            ("errors", JSONLine.object(errorCounts.map { ($0.key, JSONLine.number($0.value)) })),
            ("seconds", Self.seconds(duration)), ("exit_reason", JSONLine.text(exitReason.rawValue)),
        ])
    }

    private static func seconds(_ duration: Duration) -> String {
        JSONLine.number((duration / .milliseconds(1)).rounded() / 1000)
    }
}
