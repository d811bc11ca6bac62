package import Postgres

/// A statement that the server is to look at before it is needed, with parameters of the types that it will have.
package struct StatementTrial: Sendable {
    let statement: PostgresStatement
    let parameters: [PostgresValue]

    /// Takes a statement and parameters that hold no rows.
    package init(_ statement: PostgresStatement, _ parameters: [PostgresValue] = []) {
        self.statement = statement
        self.parameters = parameters
    }

    /// Has the server plan it: `explain.sql` says why that is enough.
    package func explain(_ session: PostgresSession) async throws(PostgresError) {
        let explain = PostgresStatement(name: statement.name, sql: SQLFile.explain.text + statement.sql)
        try await session.execute(explain, parameters)
    }
}

/// What a preflight has found so far, in its order.
struct PreflightFindings {
    private(set) var sentences: [String] = []
    private var columns: Set<String> = []

    /// Notes what is wrong, with a column if it is about one.
    mutating func add(_ sentence: String, about column: String? = nil) {
        sentences.append(sentence)
        if let column { columns.insert(column) }
    }

    /// Whether something is known to be wrong with a column.
    func blames(_ column: String) -> Bool { columns.contains(column) }

    var isEmpty: Bool { sentences.isEmpty }

    /// All of it.
    var failure: RunFailure { RunFailure(.configuration, sentences.joined(separator: "; ")) }
}

extension PostgresError.ServerError {
    /// What the server says and suggests, about a statement that has looked at no row.
    package var explanation: String {
        func withoutStop(_ sentence: String) -> String {
            sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        }
        let suggestion = hint.map { "; the server's hint: \(withoutStop($0))" } ?? ""
        return "\(withoutStop(message)) (SQLSTATE \(sqlState)\(suggestion))"
    }
}
