import ArgumentParser
import Benchmarking
import CommandSupport
import DatasetSearch
import DatasetTable
import Logging
import ModelLoading
import Postgres
import SearchOptions
import SentenceEncoding
import Tokenization

/// `embedding-job search`: the rows that a question is about.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find rows by meaning and by words, best first.",
        discussion: """
            The question is in the language of websearch_to_tsquery: words, "phrases" in quotes, OR, and a minus before what \
            is not wanted. Words are looked for as words, and the whole as a meaning; each row that either finds gets all \
            parts of its score:

              score = (0.60·semantic + 0.25·keyword + 0.15·static)·age_factor

            On a terminal a table; otherwise, or with --json, one object a line, best first. Only reads. Needs what \
            embedding-job schema --search --apply creates, and the model that the column holds.

            EXIT STATUS: 0 also if nothing was found · 64 the question cannot be asked · the others as for run
            """)

    @Argument(help: "What is looked for; in quotes, if it has several words, and after --, if it begins with a minus.")
    var question: String

    @Option(
        help: ArgumentHelp("Most rows (default: 10). [EMBEDDING_SEARCH_LIMIT]", valueName: "rows"))
    var limit: PositiveCount?

    @Option(help: ArgumentHelp("Rows of this source only; may be repeated.", valueName: "source"))
    var source: [String] = []

    @Option(
        help: ArgumentHelp(
            "Rows not older than this only, as 2025-01-31 or 2025-01-31T12:00Z.",
            discussion: "Without a zone, a time is one of the server's zone.", valueName: "date"))
    var since: DateArgument?

    @Flag(help: "Print JSON lines on a terminal, too.")
    var json = false

    @Flag(help: "Show what each score is made of.")
    var explain = false

    @OptionGroup(title: "Score") var fusion: FusionOptions
    @OptionGroup(title: "Columns of the score") var score: ScoreOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func validate() throws {
        _ = try parsedQuestion()
    }

    private func parsedQuestion() throws -> Question {
        guard CommandLineText.isUTF8 else {
            throw ValidationError("the command line is not UTF-8; give the question in UTF-8")
        }
        do {
            return try Question(question)
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() async throws {
        let question = try parsedQuestion()
        try await Self.reportingFailures {
            let settings = try await Settings()
            let names = try database.names(settings)
            let columns = try score.columns(settings)
            let model = try model.loadable(settings)
            let calibration = model.folder.searchCalibration
            var search = try fusion.settings(settings, isCalibrated: calibration != nil)
            search.limit =
                try settings.count(limit, "--limit", "EMBEDDING_SEARCH_LIMIT", atMost: 400) ?? search.limit
            (search.sources, search.since) = (source, since?.text)
            let fingerprint = Fingerprint(try model.fingerprint().bytes)
            let log = Logger.standardError()

            async let loading = model.load(log)
            let session = try await database.connection(settings).open(.readOnly)
            var datasets = try await DatasetSearch(
                of: names, columns: columns,
                model: SearchModel(
                    fingerprint: fingerprint, dimension: model.folder.dimension, calibration: calibration),
                session: session, log: log)
            let encoder = try await loading
            let tokens = encoder.tokenizeQuery(question.words)
            if tokens.truncatedTokenCount > 0 {
                log.notice(
                    "the model reads the beginning of the question only",
                    metadata: ["tokens_lost": "\(tokens.truncatedTokenCount)"])
            }
            guard let vector = try await encoder.encode([tokens]).first else { return }
            let hits = try await datasets.search(question, vector: vector, search)
            await session.close()
            if calibration == nil, search.fusion == .reciprocalRank {
                log.notice(
                    "ranked by places, because nobody has measured which similarities of this model mean a match",
                    metadata: ["remedy": "Scripts/calibrate-search"])
            }
            if hits.contains(where: { $0.parts.keyword == nil }) {
                log.notice("the question has no word to look for, so meaning alone counts")
            }
            try show(hits)
        }
    }

    private func show(_ hits: [SearchHit]) throws {
        guard !json, StandardStreams.isTerminal else {
            for hit in hits { try StandardOutput.print(hit.json(explains: explain)) }
            return
        }
        guard !hits.isEmpty else { return try StandardOutput.print("nothing was found") }
        let parts = ["semantic", "keyword", "static", "age"]
        let rows = hits.enumerated().map { place, hit in
            [String(place + 1), Self.decimals(hit.score)]
                + (explain
                    ? [hit.parts.semantic, hit.parts.keyword, hit.parts.static, hit.parts.ageFactor].map(Self.decimals)
                    : [])
                + [Self.cell(hit.title), Self.cell(hit.source)]
        }
        let heading = ["#", "score"] + (explain ? parts : []) + ["title", "source"]
        try StandardOutput.print(
            TextTable(heading: heading, rows: rows, nameColumns: [heading.count - 2, heading.count - 1]).description)
    }

    private static func decimals(_ number: Double?) -> String {
        guard let number else { return "-" }
        let thousandths = String(Int((number * 1000).rounded()))
        let padded = String(repeating: "0", count: max(0, 4 - thousandths.count)) + thousandths
        return padded.dropLast(3) + "." + padded.suffix(3)
    }

    /// One line of a cell, which leaves room for the others.
    private static func cell(_ text: String?) -> String {
        let line = (text ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count <= 60 ? line : line.prefix(59) + "…"
    }
}
