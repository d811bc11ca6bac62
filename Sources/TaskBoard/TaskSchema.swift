public import DatasetTable
public import Postgres

/// The board, printed or created by `embedding-job schema --tasks`.
public struct TaskSchema: Sendable {
    private let board: String
    private let schema: String

    /// Composes the DDL for a database that is not looked at, or for a table that is to be made.
    public init(_ names: DatasetNames) throws(RunFailure) {
        guard let table = TableName(new: names.table) else {
            throw RunFailure(
                .configuration,
                "--table \(names.table) can be read in several ways; write it with quotes, as in \"my.schema\".\"my.table\""
            )
        }
        schema = table.schema.map(TableSchema.quote) ?? "public"
        board = (table.schema.map { TableSchema.quote($0) + "." } ?? "") + "embedding_task"
    }

    /// Composes it for a table that exists, beside which the board goes, or for the board that it has.
    public init(of names: DatasetNames, reading session: PostgresSession) async throws {
        let found = try await TaskBoard.Finding(names, session)
        board = found.board?.quoted ?? "\(found.schema).embedding_task"
        schema = found.board?.schema ?? found.schema
    }

    private func statement(_ file: SQLFile) -> PostgresStatement {
        PostgresStatement(name: file.name, sql: SQLFile.fill(file.text, ["{BOARD}": board, "{SCHEMA}": schema]))
    }

    /// The DDL and, as comments, the grants, as a script for psql.
    public var script: String {
        [SQLFile.schemaTasks, .schemaTasksGrants].map { statement($0).sql }.joined(separator: "\n")
    }

    /// Creates what is missing; throws a `RunFailure` if the server objects.
    public func apply(_ session: PostgresSession) async throws {
        try await session.change(statement(.schemaTasks))
    }
}
