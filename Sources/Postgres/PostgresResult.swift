/// The rows that a statement returned and the number of rows it touched.
///
/// A value of its own: it stays valid when the session goes away.
public struct PostgresResult: Sendable {
    /// A column of the result.
    public struct Column: Sendable, Equatable {
        /// The name the statement gives to the column.
        public let name: String
        /// The type of its values.
        public let typeOID: UInt32

        package init(name: String, typeOID: UInt32) {
            self.name = name
            self.typeOID = typeOID
        }
    }

    /// The columns in the order of the statement.
    public let columns: [Column]
    /// The number of rows that the statement inserted, updated, deleted or selected.
    public let affectedRowCount: Int
    /// The name of the statement, for errors.
    let statement: String
    /// The number of rows, which columns cannot tell where there are none.
    private let rowCount: Int
    /// Where each value lies in `bytes`, row after row; nil for NULL.
    private var cells: [Range<Int>?] = []
    /// The values, one after the other, in binary format.
    private var bytes: [UInt8] = []

    /// A result without rows yet; `append` must follow for each of `rowCount` × `columns.count` values.
    init(statement: String, columns: [Column], rowCount: Int, affectedRowCount: Int) {
        self.statement = statement
        self.columns = columns
        self.rowCount = rowCount
        self.affectedRowCount = affectedRowCount
        cells.reserveCapacity(rowCount * columns.count)
    }

    /// A result made of these rows, for tests of what reads them.
    package init(statement: String, columns: [Column], rows: [[[UInt8]?]]) {
        self.init(statement: statement, columns: columns, rowCount: rows.count, affectedRowCount: rows.count)
        for row in rows {
            precondition(row.count == columns.count, "a row has \(columns.count) values, not \(row.count)")
            for value in row {
                value.map { append($0) } ?? appendNull()
            }
        }
    }

    mutating func append(_ value: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: value)
        cells.append(start..<bytes.count)
    }

    mutating func appendNull() {
        cells.append(nil)
    }

    func value(row: Int, column: Int) -> ArraySlice<UInt8>? {
        cells[row * columns.count + column].map { bytes[$0] }
    }
}

extension PostgresResult: RandomAccessCollection {
    /// Zero: rows are numbered from there.
    public var startIndex: Int {
        0
    }

    /// The number of rows.
    public var endIndex: Int {
        rowCount
    }

    /// The row with this number.
    public subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "row \(position) of \(rowCount)")
        return PostgresRow(result: self, index: position)
    }
}
