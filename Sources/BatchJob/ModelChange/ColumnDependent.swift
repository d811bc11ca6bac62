import DatasetTable
import Postgres

/// Something that was made of a column, and stays with it when another column takes its name.
struct ColumnDependent: Sendable {
    /// Kind and name, as the server puts them.
    let name: String
    /// Whether the column cannot be dropped because of it.
    let keepsColumn: Bool

    /// What was made of a column, without what refers to the other column as well.
    static func lookUp(
        on column: ResolvedTable.Column, without other: ResolvedTable.Column?, of table: ResolvedTable,
        _ session: PostgresSession
    ) async throws(PostgresError) -> [ColumnDependent] {
        let rows = try await session.execute(
            SQLFile.changeDependents.statement, [.oid(table.oid), .int4(column.number), .int4(other?.number ?? 0)])
        var dependents: [ColumnDependent] = []
        for row in rows {
            dependents.append(
                ColumnDependent(name: try row.text("name"), keepsColumn: try row.bool("keeps_column")))
        }
        return dependents
    }
}

extension [ColumnDependent] {
    /// All of them, for people.
    var names: String { map(\.name).joined(separator: ", ") }
}
