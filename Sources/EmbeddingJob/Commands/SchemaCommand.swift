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
        abstract: "Print the DDL for a new database, or apply it.",
        discussion: """
            Extension, table and indexes. What exists is left alone, but for side tables of an earlier version: --apply adds \
            the columns that they lack and, once for all tables that share them, tells their rows apart by table. It \
            waits for the batches that runs have in hand, and the log says how many rows went to which table; none is \
            deleted. Besides this command only backfill changes database objects.
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
            let dimension = try dimension?.value ?? model.folder(settings).dimension
            guard dimension <= Limits.dimension else {
                throw RunFailure(
                    .configuration,
                    "--dimension is \(dimension); pgvector stores \(Limits.dimension) components at most")
            }
            let schema = TableSchema(names: try database.names(settings), dimension: dimension, hnsw: hnsw)
            guard apply else {
                try StandardOutput.print(schema.script)
                return
            }
            let session = try await database.connection(settings).open(.readWrite)
            try await schema.apply(session, log: .standardError())
            await session.close()
            Logger.standardError().info("schema applied", metadata: ["database": "\(session.endpoint)"])
        }
    }
}
