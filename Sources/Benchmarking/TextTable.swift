/// Columns of text, aligned to the right but for the names at their beginning.
package struct TextTable: CustomStringConvertible {
    private let rows: [[String]]
    private let nameColumns: Int

    /// Takes rows of as many cells as the heading has, of which the first `nameColumns` are aligned to the left.
    package init(heading: [String], rows: [[String]], nameColumns: Int = 0) {
        self.rows = [heading] + rows
        self.nameColumns = nameColumns
    }

    /// The heading and a line a row.
    package var description: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column < nameColumns ? row[column] + padding : padding + row[column]
            }
        }
        return lines.map { $0.joined(separator: "  ") }.joined(separator: "\n")
    }
}
