import ArgumentParser
import Catalog
import CatalogSources
import CommandSupport
import DatasetTable
import FoundationEssentials
import HTTPFetching

/// `catalog-fetch huggingface`: what has changed on the Hugging Face Hub.
struct HuggingFaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "huggingface",
        abstract: "Fetch what has changed on the Hugging Face Hub, or all of it.",
        discussion: """
            The task enrich.fetch_hf_datasets of the original system. Lists datasets, the last changed first, back to what the \
            last run has seen: an outage of a week loses nothing. A first run goes --days-back, or up to --limit. With --full \
            all datasets are listed; what a full listing that began in this run does not show goes out of service.

            Needs no key; with HF_TOKEN it may ask more often.
            """)

    static let address = "https://huggingface.co"

    @Option(
        help: ArgumentHelp(
            "Most datasets to look at (default: 1000; with --full, all). [CATALOG_FETCH_LIMIT]", valueName: "count"))
    var limit: PositiveCount?

    @Option(
        help: ArgumentHelp(
            "How many days a first run goes back (default: 1). [CATALOG_FETCH_DAYS_BACK]", valueName: "days"))
    var daysBack: PositiveCount?

    @Flag(help: "List all datasets. [CATALOG_FETCH_FULL]")
    var full = false

    @OptionGroup(title: "Source") var source: SourceOptions
    @OptionGroup(title: "Run") var options: FetchOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await FetchRun.report(of: Self.self, .huggingFace, options, database, fetch)
    }

    private func fetch(_ run: FetchRun) async throws -> ExitReason {
        let isFull = try run.settings.flag(full, "CATALOG_FETCH_FULL")
        let limit = try run.settings.value(limit, "CATALOG_FETCH_LIMIT")?.value ?? (isFull ? nil : 1000)
        let days = try run.settings.value(daysBack, "CATALOG_FETCH_DAYS_BACK")?.value ?? 1
        let fetcher = try source.fetcher(
            run.settings, Self.address, authorization: try SourceKeys(run.settings).huggingFace(),
            pace: .rateLimitHeader,
            deadline: run.deadline)
        return try await run.withFetcher(fetcher) { fetcher in
            let listing = HuggingFaceListing(run: run, fetcher: fetcher, limit: limit)
            return isFull ? try await listing.fetchAll() : try await listing.fetchLatest(daysBack: days)
        }
    }
}
