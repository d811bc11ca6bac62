import ArgumentParser
import Catalog
import CommandSupport
import DatasetTable
import FoundationEssentials
import HTTPFetching

/// `catalog-fetch kaggle-latest`: what has changed on Kaggle.
struct KaggleLatestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kaggle-latest",
        abstract: "Fetch what has changed on Kaggle, with its descriptions.",
        discussion: """
            The task kaggle.fetch_latest of the original system. Lists datasets, the last changed first, back to what the last \
            run has seen, and asks for each that is new or has changed. A first run looks at --limit of them. Kaggle lists \
            10,000 at most: the rest comes from kaggle-seed.

            Needs a key where Kaggle wants one: KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY.
            """)

    @Option(help: ArgumentHelp("Most datasets to look at (default: 100). [CATALOG_FETCH_LIMIT]", valueName: "count"))
    var limit: PositiveCount?

    @OptionGroup(title: "Source") var source: SourceOptions
    @OptionGroup(title: "Run") var options: FetchOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await FetchRun.report(of: Self.self, .kaggle, options, database) { run in
            let limit = try run.settings.value(limit, "CATALOG_FETCH_LIMIT")?.value ?? 100
            return try await run.withFetcher(try source.kaggle(run.settings, deadline: run.deadline)) { fetcher in
                try await KaggleListing(run: run, fetcher: fetcher).fetchLatest(limit: limit)
            }
        }
    }
}

extension SourceOptions {
    /// The options of a fetcher that asks Kaggle, which publishes no limits: once a second.
    func kaggle(_ settings: Settings, deadline: ContinuousClock.Instant?) throws -> HTTPFetcher.Options {
        try fetcher(
            settings, "https://www.kaggle.com", authorization: try SourceKeys(settings).kaggle(), pace: .perSecond(1),
            deadline: deadline)
    }
}
