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

    /// The most bytes that rows take in memory unless more are asked for.
    public static let usualByteLimit = 256 << 20

    /// The columns in the order of the statement.
    public let columns: [Column]
    /// The number of rows that the statement inserted, updated, deleted or selected.
    public internal(set) var affectedRowCount = 0
    /// The name of the statement, for errors.
    let statement: String
    /// The number of rows, which columns cannot tell where there are none.
    private var rowCount = 0
    /// Where each value ends in `bytes`, row after row; the complement for NULL.
    private var ends: [Int] = []
    /// The values, one after the other, in binary format.
    private var bytes: [UInt8] = []

    /// A result without rows yet.
    init(statement: String, columns: [Column]) {
        self.statement = statement
        self.columns = columns
    }

    /// A result made of these rows, for tests of what reads them.
    package init(statement: String, columns: [Column], rows: [[[UInt8]?]]) {
        self.init(statement: statement, columns: columns)
        affectedRowCount = rows.count
        for row in rows {
            precondition(row.count == columns.count, "a row has \(columns.count) values, not \(row.count)")
            beginRow()
            for value in row {
                value.map { append($0) } ?? appendNull()
            }
        }
    }

    /// Begins a row; `append` must follow for each column.
    mutating func beginRow() {
        rowCount += 1
    }

    mutating func append(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
        ends.append(bytes.count)
    }

    mutating func appendNull() {
        ends.append(~bytes.count)
    }

    func value(row: Int, column: Int) -> ArraySlice<UInt8>? {
        let index = row * columns.count + column
        guard ends[index] >= 0 else { return nil }
        let start = index == 0 ? 0 : ends[index - 1] < 0 ? ~ends[index - 1] : ends[index - 1]
        return bytes[start..<ends[index]]
    }

    /// What the rows take in memory.
    var byteCount: Int {
        bytes.count + ends.count * MemoryLayout<Int>.size
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
