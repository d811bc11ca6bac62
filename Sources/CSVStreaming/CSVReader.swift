/// Reads a CSV file of any size, record after record, in bounded memory.
///
/// The first record names the columns. Records with another number of fields are passed over and counted: what is in which
/// column of them is anybody's guess.
///
/// ```swift
/// var reader = try CSVReader(path: "Tags.csv")
/// let columns = try reader.header.columns(["Id", "Name"])
/// while try reader.next() {
///     print(reader.text(columns[1]) ?? "not UTF-8")
/// }
/// ```
public struct CSVReader: ~Copyable, Sendable {
    /// The names of the columns.
    public let header: CSVHeader
    /// How many records had another number of fields than the header.
    public private(set) var malformedCount = 0
    /// The offset of the first of them.
    public private(set) var firstMalformedOffset: Int64?
    private var scanner: CSVScanner

    /// Opens a file and reads its header.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - offset: Where to go on: the end of a record that was read before. An offset within the header is its end.
    public init(path: String, from offset: Int64 = 0) throws(CSVError) {
        try self.init(path: path, from: offset, blockSize: 1 << 20)
    }

    /// Opens a file with other sizes than the usual ones.
    package init(
        path: String, from offset: Int64 = 0, blockSize: Int, limits: CSVLimits = CSVLimits()
    ) throws(CSVError) {
        var scanner = try CSVScanner(path: path, blockSize: blockSize, limits: limits)
        guard try scanner.next() else { throw .noHeader(file: scanner.fileName) }
        var names: [String] = []
        for field in 0..<scanner.fieldCount {
            names.append(Self.text(of: field, in: scanner) ?? "")
        }
        header = CSVHeader(file: scanner.fileName, names: names)
        if offset > scanner.recordRange.upperBound {
            scanner.seek(to: offset)
        }
        self.scanner = scanner
    }

    // MARK: - Records

    /// Goes on to the next record with the right number of fields; false at the end of the file.
    public mutating func next() throws(CSVError) -> Bool {
        while try scanner.next() {
            if scanner.fieldCount == header.names.count { return true }
            malformedCount += 1
            firstMalformedOffset = firstMalformedOffset ?? scanner.recordRange.lowerBound
        }
        return false
    }

    /// Where the present record stands in the file: from its first byte to the end of its line.
    public var recordRange: Range<Int64> { scanner.recordRange }

    /// The size of the file when it was opened.
    public var byteCount: Int64 { scanner.byteCount }

    /// The number of the line at an offset, from 1 on; reads the file up to there.
    public func line(at offset: Int64) throws(CSVError) -> Int {
        try scanner.line(at: offset)
    }

    // MARK: - Fields

    /// The content of a column in the present record, quotes taken away; `nil` if it is not UTF-8.
    public func text(_ column: Int) -> String? {
        Self.text(of: column, in: scanner)
    }

    /// Calls `body` with the content of a column in the present record, quotes taken away.
    public func withBytes<Result, Failure: Error>(
        of column: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try scanner.withBytes(of: column, body)
    }

    private static func text(of field: Int, in scanner: borrowing CSVScanner) -> String? {
        scanner.withBytes(of: field) { bytes in
            guard let text = try? UTF8Span(validating: bytes) else { return nil }
            return String(copying: text)
        }
    }
}
