import ArgumentParser
import CommandSupport
import HTTPFetching

/// How a source is asked.
struct SourceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the source answers (default: its own address). [CATALOG_FETCH_SOURCE_URL]",
            discussion: "https, or http to this machine, such as a mirror or a stub for tests.", valueName: "url"))
    var sourceURL: String?

    @Option(
        help: ArgumentHelp(
            "Whom the source may write to about this client, an address or a page. [CATALOG_FETCH_CONTACT]",
            valueName: "text"))
    var contact: String?

    @Option(
        help: ArgumentHelp(
            "Most requests a second (default: what the source's headers allow; Kaggle, which has none: 1). [CATALOG_FETCH_REQUESTS_PER_SECOND]",
            valueName: "number"))
    var requestsPerSecond: Double?

    /// The options of a fetcher.
    ///
    /// - Parameters:
    ///   - settings: Where values that are not given come from.
    ///   - source: The source's own address.
    ///   - authorization: The value of the header, `nil` without a key.
    ///   - pace: How fast it is asked unless somebody says otherwise.
    ///   - deadline: When the run must be over.
    func fetcher(
        _ settings: Settings, _ source: String, authorization: String?, pace: Pace, deadline: ContinuousClock.Instant?
    ) throws -> HTTPFetcher.Options {
        let contact = try settings.value(contact, "CATALOG_FETCH_CONTACT")
        let rate = try settings.value(requestsPerSecond, "CATALOG_FETCH_REQUESTS_PER_SECOND")
        return HTTPFetcher.Options(
            baseURL: try settings.value(sourceURL, "CATALOG_FETCH_SOURCE_URL") ?? source, authorization: authorization,
            userAgent: "catalog-fetch/\(ProgramVersion.current)" + (contact.map { " (\($0))" } ?? ""),
            pace: rate.map(Pace.perSecond) ?? pace, deadline: deadline)
    }
}
