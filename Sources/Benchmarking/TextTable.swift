/// Columns of text, aligned to the right but for those that are names.
package struct TextTable: CustomStringConvertible {
    private let rows: [[String]]
    private let nameColumns: Set<Int>

    /// Takes rows of as many cells as the heading has; those of the columns `nameColumns` are aligned to the left.
    package init(heading: [String], rows: [[String]], nameColumns: Set<Int> = []) {
        self.rows = [heading] + rows
        self.nameColumns = nameColumns
    }

    /// The heading and a line a row.
    package var description: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                guard nameColumns.contains(column) else { return padding + row[column] }
                return column == row.indices.last ? row[column] : row[column] + padding
            }
        }
        return lines.map { $0.joined(separator: "  ") }.joined(separator: "\n")
    }
}
