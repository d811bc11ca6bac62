import ArgumentParser
import Catalog
import CommandSupport
import DatasetTable
import HTTPFetching

/// `catalog-fetch kaggle-enrich`: the descriptions that are still missing.
struct KaggleEnrichCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kaggle-enrich",
        abstract: "Ask Kaggle for the descriptions that are still missing.",
        discussion: """
            The task kaggle.enrich_pending of the original system. Asks for each dataset without a description that is due, the \
            most downloaded first. One that cannot be had is asked for again after 2, 4, 8 … hours, and monthly after eight \
            times; one that Kaggle does not show on two days goes out of service.

            Needs a key where Kaggle wants one: KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY.
            """)

    @Option(help: ArgumentHelp("Most datasets to ask for (default: 50). [CATALOG_FETCH_LIMIT]", valueName: "count"))
    var limit: PositiveCount?

    @OptionGroup(title: "Source") var source: SourceOptions
    @OptionGroup(title: "Run") var options: FetchOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await FetchRun.report(of: Self.self, .kaggle, options, database) { run in
            let limit = try run.settings.value(limit, "CATALOG_FETCH_LIMIT")?.value ?? 50
            return try await run.withFetcher(try source.kaggle(run.settings, deadline: run.deadline)) { fetcher in
                try await KaggleEnrichment(run: run, views: KaggleViews(run: run, fetcher: fetcher)).fetch(limit: limit)
            }
        }
    }
}
