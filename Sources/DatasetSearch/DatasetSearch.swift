public import DatasetTable
public import Logging
public import Postgres
import SentenceEncoding

/// Searches a table by meaning and by words.
///
/// A search is one transaction that reads: it takes the table's lock, makes sure that the column is still the one that was
/// looked up and that it holds vectors of the question's model, then sends `search.sql`.
public struct DatasetSearch: Sendable {
    let session: PostgresSession
    private let names: DatasetNames
    private let columns: SearchColumns
    private let model: SearchModel
    private let log: Logger
    private(set) var subject: SearchTable

    /// The first version of pgvector whose index goes on until it has enough rows that pass a filter.
    private static let oldestPgvector = ExtensionVersion("0.8.0")
    /// Earlier ones may lose rows from an HNSW index.
    private static let soundPgvector = ExtensionVersion("0.8.4")

    /// Looks at the table, or throws a `RunFailure` that says what a search lacks.
    public init(
        of names: DatasetNames, columns: SearchColumns = SearchColumns(), model: SearchModel, session: PostgresSession,
        log: Logger
    ) async throws {
        (self.session, self.names, self.columns, self.model, self.log) = (session, names, columns, model, log)
        subject = try await Self.lookUp(names, columns, model, session, log)
    }

    private static func lookUp(
        _ names: DatasetNames, _ columns: SearchColumns, _ model: SearchModel, _ session: PostgresSession, _ log: Logger
    ) async throws -> SearchTable {
        let preflight = Preflight(session: session, names: names, log: log)
        var table = try await preflight.check(for: .search(dimension: model.dimension)) { _ in [] }
        let subject = try await session.readOnly {
            let version = table.vector.version
            guard version >= oldestPgvector else {
                throw RunFailure(
                    .configuration,
                    "pgvector is version \(version) in this database, and searches need \(oldestPgvector); install a newer one, then ALTER EXTENSION vector UPDATE"
                )
            }
            if version < soundPgvector,
                try await SearchIndex.lookUp(on: table.vectorColumn, of: table, session).contains(where: {
                    $0.method == "hnsw"
                })
            {
                log.warning(
                    "this version of pgvector may lose rows from an HNSW index",
                    metadata: metadata([
                        .version: "\(version)", .remedy: "install \(soundPgvector) or later, then REINDEX",
                    ]))
            }
            let names = try await SearchTable.Names(table, session)
            table.document = try await document(of: table, names, session)
            table.state = try await state(of: table, names, session)
            return try await SearchTable(table, columns, names, session)
        }
        try subject.requireSearchable()
        return subject
    }

    /// `embedding_state`, quoted by the server, which tells whose vectors the column holds; `nil` if there is none.
    private static func state(
        of table: ResolvedTable, _ names: SearchTable.Names, _ session: PostgresSession
    ) async throws -> String? {
        switch try await SideTable.state.lookUp(for: table, to: .read, session) {
        case .usable(let quoted): return quoted
        case .unusable(.absent): return nil
        case .unusable(let problem):
            throw refusal(of: .state, problem, "cannot tell whose vectors the column holds", names)
        }
    }

    private static func refusal(
        of sideTable: SideTable, _ problem: SideTable.Problem, _ consequence: String, _ names: SearchTable.Names
    ) -> RunFailure {
        let remedy =
            switch problem {
            case .absent, .lacksColumns: "run embedding-job schema --search --apply, then embedding-job run"
            case .notReadable: "GRANT SELECT ON \(names.schema).\(sideTable.rawValue) TO \(names.role)"
            default: problem.remedy
            }
        return RunFailure(.configuration, "\(sideTable.rawValue) \(consequence), \(problem); \(remedy)")
    }

    /// The table of documents, quoted by the server.
    private static func document(
        of table: ResolvedTable, _ names: SearchTable.Names, _ session: PostgresSession
    ) async throws -> String {
        guard !table.hasNoEncoding else {
            throw RunFailure(
                .configuration, "the database has no encoding (SQL_ASCII), so it has no documents to search in")
        }
        switch try await SideTable.document.lookUp(for: table, to: .read, session) {
        case .usable(let quoted): return quoted
        case .unusable(let problem):
            throw refusal(of: .document, problem, "cannot be searched", names)
        }
    }

    /// Finds the best rows, best first.
    ///
    /// - Parameters:
    ///   - question: What is looked for.
    ///   - vector: The vector of ``Question/words`` by the search's model.
    ///   - settings: Filters, and how scores are made.
    public mutating func search(
        _ question: Question, vector: [Float], _ settings: SearchSettings
    ) async throws -> [SearchHit] {
        try requireColumns(for: settings)
        return try await whileSame { search in
            try await search.requireModel()
            let parameters = search.parameters(question, vector, settings)
            let subject = search.subject
            do throws(PostgresError) {
                var hits: [SearchHit] = []
                for row in try await search.session.execute(
                    subject.labelledSearch, parameters, timeout: Self.longest)
                {
                    hits.append(try SearchHit(row, keyType: subject.table.key.typeOID))
                }
                return hits
            } catch {
                guard error.sqlState == .untranslatableCharacter else { throw error }
                throw RunFailure(
                    .usage, "the question has a character that the encoding of the database lacks; leave it out")
            }
        }
    }

    /// Reads in one transaction, in which the column is the one that was looked up.
    ///
    /// A change of the model may come between; the next attempt sees it as a whole.
    mutating func whileSame<Result: Sendable>(
        _ body: (DatasetSearch) async throws -> Result
    ) async throws -> Result {
        for _ in 0..<3 {
            let search = self
            let result: Result? = try await session.transaction(.searchBegin, endingWith: .rollback) {
                let lock = search.subject.statement(.searchLock)
                guard try await search.session.execute(lock).first?.bool("is_same") == true else { return nil }
                return try await body(search)
            }
            if let result { return result }
            subject = try await Self.lookUp(names, columns, model, session, log)
        }
        throw RunFailure(.database, "\(subject.table.quoted) is being changed again and again; try again")
    }

    private func requireColumns(for settings: SearchSettings) throws(RunFailure) {
        let table = subject.table.quoted
        if !settings.sources.isEmpty, subject.columns.source == nil {
            throw RunFailure(
                .configuration, "\(table) has no column \(names.source) to filter by; name it with --source-column")
        }
        if settings.since != nil, subject.columns.date == nil {
            throw RunFailure(.configuration, "\(table) has no date to filter by; name its column with --date-column")
        }
        if settings.fusion == .weighted, model.calibration == nil {
            throw RunFailure(
                .configuration,
                "nobody has measured which similarities of this model mean a match; run Scripts/calibrate-search on its folder, or search with --fusion rrf"
            )
        }
    }

    /// How the server finds the answer, as `EXPLAIN (ANALYZE, FORMAT JSON)` prints it.
    package func plan(_ question: Question, vector: [Float], _ settings: SearchSettings) async throws -> String {
        let statement = PostgresStatement(
            name: "plan", sql: "EXPLAIN (ANALYZE, FORMAT JSON) \(subject.labelledSearch.sql)")
        return try await session.transaction(.searchBegin, endingWith: .rollback) {
            let rows = try await session.execute(
                statement, parameters(question, vector, settings), timeout: Self.longest)
            return String(decoding: try rows.first?.bytes(0) ?? [], as: UTF8.self)
        }
    }

    /// More than `search-begin.sql` allows the server.
    private static let longest = Duration.seconds(35)

    /// Refuses a question by another model than the column's: the distances would mean nothing.
    func requireModel() async throws {
        let table = subject.table
        var stored: Fingerprint?
        if let models = subject.names.models {
            let statement = subject.statement(.searchModelOfColumn, ["{MODELS}": models])
            stored = try await session.execute(statement).first?.fingerprint("fingerprint")
        }
        if stored == nil, table.state != nil {
            let rows = try await session.execute(
                subject.statement(.searchModelOfRows), [.text(table.vectorColumn.stateKey)])
            stored = try rows.first?.fingerprint("fingerprint")
        }
        guard let stored, stored != model.fingerprint else { return }
        throw RunFailure(
            .mixedModel,
            "\(table.quoted).\(names.column) holds vectors of the model \(stored.abbreviation), and the question is one of \(model.fingerprint.abbreviation); search with that model"
        )
    }

    private func parameters(_ question: Question, _ vector: [Float], _ settings: SearchSettings) -> [PostgresValue] {
        let weights = settings.weights
        return [
            .text(question.text), .vector(vector, typeOID: subject.table.vector.oid),
            .int4(Int32(clamping: settings.limit)),
            settings.sources.isEmpty ? .null(PostgresTypeOID.textArray) : .textArray(settings.sources),
            settings.since.map(PostgresValue.text) ?? .null(PostgresTypeOID.text), .text(settings.fusion.rawValue),
            .float8(model.calibration?.random ?? 0), .float8(model.calibration?.match ?? 1), .float8(weights.semantic),
            .float8(weights.keyword), .float8(weights.metrics), .float8(settings.halfLife),
            .float8(settings.ageFloor),
        ]
    }
}
