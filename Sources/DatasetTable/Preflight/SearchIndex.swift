package import Postgres

/// An index for nearest-neighbor search, with what it takes to make its like on another column.
package struct SearchIndex: Sendable {
    package let name: String
    package let quoted: String
    /// `hnsw` or `ivfflat`.
    package let method: String
    package let isValid: Bool
    package let byteCount: Int64
    private let classSchema: String
    private let className: String
    /// What is indexed: the column, or an expression such as `(embedding::halfvec(384))`.
    package let key: String
    private let isPlain: Bool
    /// The type of the key, which the vector searched for must have.
    package let keyType: String
    private let options: String
    /// The condition on the rows in the index; empty for all.
    package let predicate: String
    /// What the index orders by, as `OPERATOR(schema.<=>)`.
    package let operatorName: String

    /// The indexes on a column in the order in which they were made.
    package static func lookUp(
        on column: ResolvedTable.Column, of table: ResolvedTable, _ session: PostgresSession
    ) async throws(PostgresError) -> [SearchIndex] {
        var indexes: [SearchIndex] = []
        for row in try await session.execute(
            SQLFile.catalogSearchIndexes.statement, [.oid(table.oid), .int4(column.number)])
        { indexes.append(try SearchIndex(row)) }
        return indexes
    }

    private init(_ row: PostgresRow) throws(PostgresError) {
        name = try row.text("name")
        quoted = try row.text("quoted")
        method = try row.text("method")
        isValid = try row.bool("is_valid")
        byteCount = Int64(try row.count("bytes"))
        classSchema = try row.text("class_schema")
        className = try row.text("class")
        key = try row.text("key")
        isPlain = try row.bool("is_plain")
        keyType = try row.text("key_type")
        options = try row.text("options")
        predicate = try row.text("predicate")
        operatorName = try row.text("operator")
    }

    /// The parts of the statement that makes such an index on another column.
    ///
    /// - Parameters:
    ///   - column: The column that this index is on.
    ///   - next: The quoted name of the other one.
    ///   - storage: Its type.
    ///   - dimension: The number of its components.
    package func parts(
        from column: ResolvedTable.Column, to next: String, _ storage: String, dimension: Int
    ) -> [String: String] {
        let otherClass = className(for: storage)
        let otherKey = key.replacing(column.quoted, with: next).replacing(
            "(\(column.modifier))", with: "(\(dimension))")
        return [
            "{METHOD}": method, "{CLASS}": "\(classSchema).\(otherClass)",
            "{INDEX_KEY}": isPlain ? next : "(\(otherKey))",
            "{OPTIONS}": options.isEmpty ? "" : " WITH (\(options))",
            "{PREDICATE}": predicate.isEmpty ? "" : " WHERE \(predicate.replacing(column.quoted, with: next))",
        ]
    }

    /// The operator class for a column of this type; that of an expression stays.
    private func className(for storage: String) -> String {
        guard isPlain, let end = className.firstIndex(of: "_") else { return className }
        return storage + className[end...]
    }

    /// Such an index on a column of this type, in a few words for people.
    package func summary(for storage: String) -> String {
        "\(method) (\(className(for: storage)))" + (options.isEmpty ? "" : " with (\(options))")
    }
}
