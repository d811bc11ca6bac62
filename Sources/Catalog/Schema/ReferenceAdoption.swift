import DatasetTable
import Logging
import Postgres

/// Gives rows that were there before the catalog had references the ones that their addresses tell.
struct ReferenceAdoption {
    /// A source as earlier systems wrote it.
    private struct Earlier {
        let source: DatasetSource
        /// What they called it, in lower case.
        let names: [String]
        /// Its addresses, as an advanced regular expression of PostgreSQL.
        let addresses: String
    }

    private static let earlier = [
        Earlier(
            source: .huggingFace, names: ["huggingface", "hugging face", "hugging_face", "hf"],
            addresses: #"(?i)^https?://(?:www\.)?huggingface\.co/datasets/((?!\.\.)[\w.-]+"#
                + #"(?:/(?!\.\.)(?!(?:viewer|tree|blob|resolve|discussions|settings)(?:/|$))[\w.-]+)?)/?(?:[?#].*)?$"#),
        Earlier(
            source: .kaggle, names: ["kaggle"],
            addresses: #"(?i)^https?://(?:www\.)?kaggle\.com/(?:datasets/)?((?!\.\.)"#
                + #"(?!(?:datasets|c|competitions|code|kernels|notebooks|models|organizations|learn|docs|discussions?)/)"#
                + #"[\w.-]+/(?!\.\.)[\w.-]+)/?(?:[?#].*)?$"#),
    ]
    private static let page: Int32 = 5000

    let catalog: CatalogTable
    let log: Logger

    init(_ catalog: CatalogTable, log: Logger) {
        self.catalog = catalog
        self.log = log
    }

    /// Goes through the table once for each source, a page in a transaction.
    func adopt() async throws {
        var (adopted, open) = (0, 0)
        for earlier in Self.earlier {
            var last: RowKey?
            open = 0
            repeat {
                let row = try await catalog.session.transaction(.begin) {
                    try await catalog.execute(
                        .catalogAdopt,
                        [
                            .text(earlier.source.rawValue), .textArray(earlier.names), .text(earlier.addresses),
                            .key(last, of: catalog.table.key), .int4(Self.page),
                        ]
                    ).first
                }
                guard let row else { break }
                adopted += try row.count("adopted")
                open += try row.count("open") - row.count("adopted")
                last = try row.isNull("last") ? nil : try row.key("last")
            } while last != nil
        }
        guard adopted > 0 || open > 0 else { return }
        log.notice(
            "rows of before were looked at for what their source calls them",
            metadata: ["adopted": "\(adopted)", "left_as_they_are": "\(open)"])
    }
}
