/// A table's name as the user gives it: verbatim, as `table` or `schema.table`, or with quotes as in SQL.
///
/// A name that holds dots of its own can be read in several ways when it stands there verbatim. With quotes, as in
/// `"my.schema"."my.table"`, there is only one.
package struct TableName: Sendable, Equatable {
    /// The schema, if one is named.
    package let schema: String?
    /// The table without its schema.
    package let table: String

    /// Takes the names as the catalog has them.
    package init(schema: String?, table: String) {
        self.schema = schema
        self.table = table
    }

    /// Reads a name with quotes; `nil` if it has none, or not where SQL would have them: then it stands there verbatim.
    package init?(quoted text: String) {
        var parts: [String] = []
        var hasQuotes = false
        var rest = text[...]
        while true {
            if rest.first == "\"" {
                guard let part = Self.readQuoted(&rest) else { return nil }
                parts.append(part)
                hasQuotes = true
            } else {
                let part = rest.prefix { $0 != "." }
                guard !part.contains("\"") else { return nil }
                parts.append(String(part))
                rest = rest.dropFirst(part.count)
            }
            if rest.isEmpty { break }
            guard rest.removeFirst() == "." else { return nil }
        }
        guard hasQuotes, (1...2).contains(parts.count), !parts.contains("") else { return nil }
        self.init(schema: parts.count == 2 ? parts[0] : nil, table: parts[parts.count - 1])
    }

    /// Reads a name for a table that does not exist yet; `nil` if only the catalog could tell what its dots mean.
    package init?(new text: String) {
        if let name = TableName(quoted: text) {
            self = name
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), !parts.contains("") else { return nil }
        self.init(schema: parts.count == 2 ? parts[0] : nil, table: parts[parts.count - 1])
    }

    /// Takes a part in quotes off the front; a quote within it is doubled.
    private static func readQuoted(_ rest: inout Substring) -> String? {
        rest.removeFirst()
        var part = ""
        while let character = rest.popFirst() {
            if character != "\"" {
                part.append(character)
            } else if rest.first == "\"" {
                part.append(rest.removeFirst())
            } else {
                return part
            }
        }
        return nil
    }
}
