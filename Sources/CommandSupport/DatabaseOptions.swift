public import ArgumentParser
public import DatasetTable
public import Postgres
import SystemPackage

/// Which table of which database.
public struct DatabaseOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "PostgreSQL connection string. [DATABASE_URL]",
            discussion: """
                A URL postgresql://user@host:port/database or keyword=value pairs, as libpq takes them, several hosts \
                included. Without one, libpq's variables say it: PGHOST, PGDATABASE, PGSERVICE and the others. Give the \
                password by PGPASSWORD or a password file rather than here.
                """,
            valueName: "url"))
    var databaseURL: String?

    @Option(
        help: ArgumentHelp(
            "Table, or schema.table (default: datasets). [EMBEDDING_TABLE]",
            discussion: """
                Spelled as in the catalog. Where a name itself holds a dot, put quotes as in SQL: \"my.schema\".\"my.table\".
                """,
            valueName: "name"))
    var table: String?

    @Option(help: ArgumentHelp("Key column (default: id). [EMBEDDING_ID_COLUMN]", valueName: "name"))
    var idColumn: String?

    @Option(help: ArgumentHelp("Title column (default: title). [EMBEDDING_TITLE_COLUMN]", valueName: "name"))
    var titleColumn: String?

    @Option(
        help: ArgumentHelp(
            "Description column (default: description). [EMBEDDING_DESCRIPTION_COLUMN]", valueName: "name"))
    var descriptionColumn: String?

    @Option(
        help: ArgumentHelp("Status column (default: enrichment_status). [EMBEDDING_STATUS_COLUMN]", valueName: "name"))
    var statusColumn: String?

    @Option(
        help: ArgumentHelp(
            "Status of rows to embed (default: enriched). [EMBEDDING_STATUS_VALUE]", valueName: "value"))
    var statusValue: String?

    @Option(
        help: ArgumentHelp("Boolean column (default: is_active). [EMBEDDING_ACTIVE_COLUMN]", valueName: "name"))
    var activeColumn: String?

    @Option(help: ArgumentHelp("Vector column (default: embedding). [EMBEDDING_COLUMN]", valueName: "name"))
    var column: String?

    @Option(
        help: ArgumentHelp(
            "Column of where a row comes from, if there is one (default: source). [EMBEDDING_SOURCE_COLUMN]",
            valueName: "name"))
    var sourceColumn: String?

    /// No option given.
    public init() {}

    /// The names that statements use.
    public func names(_ settings: Settings) throws -> DatasetNames {
        var names = DatasetNames()
        names.table = try settings.value(table, "EMBEDDING_TABLE") ?? names.table
        names.id = try settings.value(idColumn, "EMBEDDING_ID_COLUMN") ?? names.id
        names.title = try settings.value(titleColumn, "EMBEDDING_TITLE_COLUMN") ?? names.title
        names.description = try settings.value(descriptionColumn, "EMBEDDING_DESCRIPTION_COLUMN") ?? names.description
        names.status = try settings.value(statusColumn, "EMBEDDING_STATUS_COLUMN") ?? names.status
        names.statusValue = try settings.value(statusValue, "EMBEDDING_STATUS_VALUE") ?? names.statusValue
        names.active = try settings.value(activeColumn, "EMBEDDING_ACTIVE_COLUMN") ?? names.active
        names.column = try settings.value(column, "EMBEDDING_COLUMN") ?? names.column
        names.source = try settings.value(sourceColumn, "EMBEDDING_SOURCE_COLUMN") ?? names.source
        return names
    }

    /// Where to connect: the connection string, or what libpq's own variables say.
    public func connection(_ settings: Settings) throws -> DatabaseConnection {
        let variables = settings.serverVariables
        // A secret that holds nothing but a line feed is none.
        let string = settings.text(databaseURL, "DATABASE_URL")
        guard let string = string ?? (PostgresSession.isServerNamed(by: variables) ? "" : nil) else {
            throw RunFailure(
                .configuration,
                "nothing is set for --database-url; give the flag, or set DATABASE_URL or libpq's PGHOST, PGDATABASE or PGSERVICE"
            )
        }
        return DatabaseConnection(string: string, variables: variables)
    }

    /// What was given as flags, as the variables that say the same to another process.
    public var environment: [String: String] {
        [
            "DATABASE_URL": databaseURL, "EMBEDDING_TABLE": table, "EMBEDDING_ID_COLUMN": idColumn,
            "EMBEDDING_TITLE_COLUMN": titleColumn, "EMBEDDING_DESCRIPTION_COLUMN": descriptionColumn,
            "EMBEDDING_STATUS_COLUMN": statusColumn, "EMBEDDING_STATUS_VALUE": statusValue,
            "EMBEDDING_ACTIVE_COLUMN": activeColumn, "EMBEDDING_COLUMN": column,
            "EMBEDDING_SOURCE_COLUMN": sourceColumn,
        ].compactMapValues(\.self)
    }

    /// Whether a database is named at all, by a connection string or by libpq's own variables.
    public func isNamed(_ settings: Settings) -> Bool {
        settings.text(databaseURL, "DATABASE_URL") != nil
            || PostgresSession.isServerNamed(by: settings.serverVariables)
    }
}

/// Where to connect.
public struct DatabaseConnection: Sendable {
    /// A connection string; what it leaves out, libpq's variables and defaults say.
    let string: String
    /// Variables of libpq that are not in the environment.
    let variables: [String: String]

    /// What the server shows for the connections: the name of the executable.
    private static let program =
        CommandLine.arguments.first.flatMap { FilePath($0).lastComponent?.string } ?? "embedding-job"

    /// Connects, once.
    public func open(
        _ access: PostgresSession.Access, interruption: PostgresInterruption? = nil
    ) async throws(PostgresError) -> PostgresSession {
        try await PostgresSession.connect(
            to: string, variables: variables, applicationName: Self.program, access: access,
            interruption: interruption)
    }

    /// Connects, runs the body, and closes the session, whether or not the body throws.
    public func withSession<Result: Sendable>(
        _ access: PostgresSession.Access, _ body: (PostgresSession) async throws -> Result
    ) async throws -> Result {
        let session = try await open(access)
        do {
            let result = try await body(session)
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }
}
