/// SQL text with a name.
///
/// The name stands for the statement in errors and logs, where its text would be noise. The server never sees it:
/// statements are sent unnamed and unprepared, which any connection pooler passes on.
public struct PostgresStatement: Sendable, Hashable {
    /// What errors and logs call the statement, for example `"write"`.
    public let name: String
    /// The SQL text, with parameters as `$1`, `$2`, ….
    public let sql: String

    /// Names an SQL text.
    ///
    /// - Precondition: `sql` holds no NUL character; libpq would silently end the text there.
    public init(name: String, sql: String) {
        precondition(!sql.utf8.contains(0), "SQL text of \"\(name)\" holds a NUL character")
        self.name = name
        self.sql = sql
    }
}

extension PostgresStatement {
    /// Ends a transaction and keeps what it did.
    public static let commit = PostgresStatement(name: "commit", sql: "COMMIT")

    /// Ends a transaction without a trace.
    public static let rollback = PostgresStatement(name: "rollback", sql: "ROLLBACK")
}
