import DatasetTable
import Logging
import Postgres

extension TaskBoard {
    /// What the catalog says about the board of a table.
    struct Finding: Sendable {
        /// The table, quoted by the server.
        let table: String
        /// Its schema, likewise.
        let schema: String
        /// `nil` if there is none.
        let board: Board?

        /// A board, and what this role may do with it.
        struct Board: Sendable {
            let oid: UInt32
            let quoted, schema, role: String
            let mayUseSchema, maySelect, mayInsert, mayUpdate: Bool
        }

        /// Looks a table and its board up; throws a `RunFailure` if there is no such table.
        init(_ names: DatasetNames, _ session: PostgresSession) async throws {
            let preflight = Preflight(session: session, names: names, log: .silent)
            let table = try await preflight.identify()
            let rows = try await session.readOnly {
                try await session.execute(SQLFile.taskBoard.statement, [.oid(table.oid)])
            }
            (self.table, schema) = (table.quoted, table.schema)
            board = try rows.first.map { row in try Board(row) }
        }
    }
}

extension TaskBoard.Finding.Board {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        oid = try row.oid("oid")
        quoted = try row.text("quoted")
        schema = try row.text("schema")
        role = try row.text("role")
        mayUseSchema = try row.bool("may_use_schema")
        maySelect = try row.bool("may_select")
        mayInsert = try row.bool("may_insert")
        mayUpdate = try row.bool("may_update")
    }

    /// Throws a `RunFailure` with the statement that grants what this role lacks.
    func require(_ access: TaskBoard.Access) throws(RunFailure) {
        guard mayUseSchema else {
            throw RunFailure(
                .configuration,
                "this role may not use the schema of \(quoted); GRANT USAGE ON SCHEMA \(schema) TO \(role)")
        }
        let needed: [(name: String, isGranted: Bool)] =
            switch access {
            case .read: [("SELECT", maySelect)]
            case .queue: [("SELECT", maySelect), ("INSERT", mayInsert), ("UPDATE", mayUpdate)]
            case .run: [("SELECT", maySelect), ("UPDATE", mayUpdate)]
            }
        let missing = needed.filter { !$0.isGranted }.map(\.name).joined(separator: ", ")
        guard missing.isEmpty else {
            throw RunFailure(
                .configuration, "this role lacks rights on \(quoted); GRANT \(missing) ON \(quoted) TO \(role)")
        }
    }
}
