import ComputeTestSupport
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// A table with vectors of the toy model, its documents and what searches need, reached through the executable.
struct Searchable: Sendable {
    let datasets: Datasets
    /// The toy model, with a file that says what its cosines mean.
    let model: String

    var database: TemporaryDatabase { datasets.database }

    /// Searches with the calibrated model unless the arguments name another.
    func search(
        _ arguments: [String], url: String? = nil, onTerminal: Bool = false, launcher: [String] = []
    ) async throws -> BuiltExecutable.Outcome {
        let environment = ["DATABASE_URL": url ?? database.url, "EMBEDDING_MODEL": model]
        return try await datasets.job.start(
            ["search"] + arguments, environment: environment, onTerminal: onTerminal, launcher: launcher
        ).outcome()
    }

    /// The titles that a search finds, best first; the search must succeed.
    func titles(
        _ arguments: [String], url: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [String?] {
        let outcome = try await search(arguments, url: url)
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)", sourceLocation: sourceLocation)
        return try outcome.hits.map(\.title)
    }
}

/// One line of a search, as its reader sees it.
struct HitLine: Decodable {
    struct Parts: Decodable {
        let semantic: Double
        let keyword: Double?
        let `static`, ageFactor: Double
    }

    let id: Int
    let score: Double
    let title, source: String?
    let parts: Parts
}

extension BuiltExecutable.Outcome {
    /// The lines of a search.
    var hits: [HitLine] {
        get throws {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try outputLines.map { try decoder.decode(HitLine.self, from: Data($0.utf8)) }
        }
    }

    /// A search that found nothing out: its exit status, one line that names what is wrong, and no output.
    func expectNoSearch(
        _ status: Int32, naming mentions: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(exitStatus == status, "\(standardError)", sourceLocation: sourceLocation)
        #expect(output.isEmpty, sourceLocation: sourceLocation)
        // What the argument parser says has a line of usage under it.
        if status != 64 { #expect(errorLines.count == 1, "\(standardError)", sourceLocation: sourceLocation) }
        for mention in mentions {
            let message = status == 64 ? standardError : errorMessage
            #expect(message.contains(mention), "\(mention) in \(standardError)", sourceLocation: sourceLocation)
        }
        expectNoSecretAndNoTrace(sourceLocation: sourceLocation)
    }
}

/// Makes rows, embeds them and makes what searches need.
///
/// - Parameter rows: What an INSERT of titles, descriptions and sources says after VALUES; none if empty.
func withSearchable(
    _ rows: String = Searchable.weather, preparing: String = "", _ body: (Searchable) async throws -> Void
) async throws {
    try await withDatasets { datasets in
        let folder = datasets.job.folder.appending(path: "calibrated")
        try FileManager.default.copyItem(at: URL(filePath: Fixtures.toyModel), to: folder)
        try datasets.job.write(#"{"a": 0.0, "b": 1.0}"#, to: "calibrated/search.json")
        let searchable = Searchable(datasets: datasets, model: folder.path)
        if !preparing.isEmpty { try await datasets.database.run(preparing) }
        if !rows.isEmpty {
            try await datasets.database.run(
                """
                INSERT INTO datasets (title, description, source) VALUES \(rows);
                UPDATE datasets SET enrichment_status = 'enriched'
                """)
        }
        let schema = try await datasets.run(["schema", "--search", "--apply", "--model", folder.path])
        #expect(schema.exitStatus == 0, "\(schema.standardError)")
        let run = try await datasets.run(["run", "--model", folder.path])
        #expect(run.exitStatus == 0, "\(run.standardError)")
        try await body(searchable)
    }
}

extension Searchable {
    /// Rows that words tell apart.
    static let weather = """
        ('sea ice', 'the ice of the sea', 'noaa'), ('rain and wind', 'a city in the rain', 'noaa'),
        ('city bus', 'snowing on the bus', 'zenodo'), ('gene', 'a gene and its wind', NULL)
        """
}
