import ArgumentParser
import CommandSupport
import DatasetTable
import Logging
import ModelLoading
import Postgres
import SentenceEncoding

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

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let names = try database.names(settings)
            if let dimension, dimension.value > Limits.dimension {
                throw RunFailure(
                    .configuration,
                    "--dimension is \(dimension.value); pgvector stores \(Limits.dimension) components at most")
            }
            guard apply || database.isNamed(settings) else {
                let dimension = try dimension?.value ?? modelDimension(settings)
                try StandardOutput.print(try TableSchema(names: names, dimension: dimension, hnsw: hnsw).script)
                return
            }
            let log = Logger.standardError()
            let session = try await database.connection(settings).open(apply ? .readWrite : .readOnly)
            let schema = try await TableSchema(
                names: names, dimension: dimension?.value, defaultDimension: { try modelDimension(settings) },
                hnsw: hnsw, reading: session, log: log)
            if apply {
                try await schema.apply(session, log: log)
                log.info("schema applied", metadata: ["database": "\(session.endpoint)"])
            } else {
                try StandardOutput.print(schema.script)
            }
            await session.close()
        }
    }

    private func modelDimension(_ settings: Settings) throws -> Int {
        try model.folder(settings).dimension
    }
}
