import ArgumentParser
import Catalog
import CommandSupport
import DatasetSearch
import DatasetTable
import Logging
import ModelLoading
import Postgres
import SearchOptions
import SentenceEncoding
import TaskBoard

/// `embedding-job schema`: prints or applies the DDL.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the DDL for what a database lacks, or apply it.",
        discussion: """
            Extension, table, side tables, indexes, and as comments the privileges that a role needs. A database that is \
            named is looked at first: the side tables get the type of the key that the table has. What exists is left \
            alone, but for a vector column that the table lacks and side tables of an earlier version: --apply adds what they \
            lack and, once for all tables that share them, tells their rows apart by table. It waits for the batches \
            that runs have in hand, and the log says how many rows went to which table; none is deleted. \
            With --search also, for a table that exists, what embedding-job search and the SQL function search_TABLE need.
            With --tasks also the table embedding_task, beside the table: see embedding-job help task.
            With --catalog also what catalog-fetch fills: columns, an index on source and reference, two side tables; rows of \
            before get the reference that their address tells.
            With --history also embedding_run, a row for each run, and the views TABLE_embedding_coverage and \
            TABLE_embedding_failures.
            Besides this command only backfill changes database objects.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    @Option(help: ArgumentHelp("Components of the vector column (default: the model's).", valueName: "count"))
    var dimension: PositiveCount?

    @Flag(help: "Add an HNSW index for nearest-neighbor search; build it after the first drain.")
    var hnsw = false

    @Flag(help: "Run the statements instead of printing them.")
    var apply = false

    @Flag(
        help: ArgumentHelp(
            "Also what searches need: documents, scales, the SQL functions.",
            discussion: """
                With --model, the functions know which of its similarities mean a match. Documents of rows that have a vector \
                already are written by the next run.
                """))
    var search = false

    @Flag(help: "Also the board of tasks, embedding_task.")
    var tasks = false

    @Flag(help: "Also the columns and tables that catalog-fetch fills.")
    var catalog = false

    @Flag(help: "Also the history of runs, and views for dashboards.")
    var history = false

    @Flag(help: "With --search: measure metrics and words anew, which scores are made of; with --apply or alone.")
    var refreshScores = false

    @OptionGroup(title: "Columns of the score, with --search") var score: ScoreOptions

    func validate() throws {
        guard search || !refreshScores else {
            throw ValidationError("--refresh-scores only means something with --search")
        }
    }

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let names = try database.names(settings)
            if refreshScores, !apply { return try await refreshScores(names, settings) }
            if let dimension, dimension.value > Limits.dimension {
                throw RunFailure(
                    .configuration,
                    "--dimension is \(dimension.value); pgvector stores \(Limits.dimension) components at most")
            }
            guard apply || search || database.isNamed(settings) else {
                let dimension = try dimension?.value ?? modelDimension(settings)
                let schema = try TableSchema(names: names, dimension: dimension, hnsw: hnsw)
                try StandardOutput.print(schema.script)
                if catalog { try StandardOutput.print(CatalogSchema(of: schema, names).script) }
                if history { try StandardOutput.print(HistorySchema(of: schema, names).script) }
                if tasks { try StandardOutput.print(try TaskSchema(names).script) }
                return
            }
            let log = Logger.standardError()
            let session = try await database.connection(settings).open(apply ? .readWrite : .readOnly)
            let schema = try await TableSchema(
                names: names, dimension: dimension?.value, defaultDimension: { try modelDimension(settings) },
                hnsw: hnsw, reading: session, log: log)
            if apply {
                try await schema.apply(session, log: log)
                if catalog { try await CatalogSchema(of: schema, names).apply(session, log: log) }
                if history { try await HistorySchema(of: schema, names).apply(session, log: log) }
                if tasks { try await TaskSchema(of: names, reading: session).apply(session) }
                if search {
                    let searching = try await searchSchema(names, settings, session, log)
                    try await searching.apply()
                    if refreshScores { try await searching.refreshScores() }
                }
                log.info("schema applied", metadata: ["database": "\(session.endpoint)"])
            } else {
                try StandardOutput.print(schema.script)
                if catalog { try StandardOutput.print(CatalogSchema(of: schema, names).script) }
                if history { try StandardOutput.print(HistorySchema(of: schema, names).script) }
                if search { try StandardOutput.print(try await searchSchema(names, settings, session, log).script) }
                if tasks {
                    let board =
                        schema.isOfNewTable
                        ? try TaskSchema(names) : try await TaskSchema(of: names, reading: session)
                    try StandardOutput.print(board.script)
                }
            }
            await session.close()
        }
    }

    private func refreshScores(_ names: DatasetNames, _ settings: Settings) async throws {
        let log = Logger.standardError()
        let session = try await database.connection(settings).open(.readWrite)
        try await searchSchema(names, settings, session, log).refreshScores()
        log.info("scores refreshed", metadata: ["database": "\(session.endpoint)"])
        await session.close()
    }

    private func searchSchema(
        _ names: DatasetNames, _ settings: Settings, _ session: PostgresSession, _ log: Logger
    ) async throws -> SearchSchema {
        let folder = try model.isNamed(settings) ? model.folder(settings) : nil
        return try await SearchSchema(
            of: names, columns: try score.columns(settings), calibration: folder?.searchCalibration, session: session,
            log: log)
    }

    private func modelDimension(_ settings: Settings) throws -> Int {
        try model.folder(settings).dimension
    }
}
