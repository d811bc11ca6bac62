import CSVStreaming

/// A record with its place in the file.
struct Record: Equatable {
    let range: Range<Int64>
    let fields: [[UInt8]]
}

/// All records of a file from an offset on, read in blocks of a size.
func records(of path: String, from offset: Int64 = 0, blockSize: Int) throws -> [Record] {
    var scanner = try CSVScanner(path: path, blockSize: blockSize)
    if offset > 0 {
        scanner.seek(to: offset)
    }
    var records: [Record] = []
    while try scanner.next() {
        let fields = (0..<scanner.fieldCount).map { field in
            scanner.withBytes(of: field) { bytes in bytes.indices.map { bytes[$0] } }
        }
        records.append(Record(range: scanner.recordRange, fields: fields))
    }
    return records
}
