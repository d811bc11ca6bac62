/// Splits a file into records and fields as Python's `csv.reader` does, one block after another.
///
/// RFC 4180, and for what it leaves open the rules of Python's module: a record ends with LF, CR or CRLF; empty lines are
/// no records; a quote begins a quoted field only as its first byte and is text elsewhere; what follows a closing quote
/// is text of the same field; a quote that is open at the end of the file ends there.
///
/// The bytes of the present record lie in one buffer, doubled quotes already made single ones by moving bytes towards the
/// beginning, so that each field is one slice. A block that ends within a record is followed by the next one in the same
/// buffer, with the record moved to its beginning.
package struct CSVScanner: ~Copyable, Sendable {
    private let file: CSVFile
    private let blockSize: Int
    private let limits: CSVLimits

    private var buffer: BlockBuffer
    /// The file's offset of the buffer's first byte.
    private var bufferOffset: Int64
    private var isAtEnd = false

    /// The index of the next byte to look at.
    private var position = 0
    /// The index of the present record's first byte.
    private var recordStart = 0
    /// The content of the present field, as far as it is known.
    private var fieldStart = 0, fieldEnd = 0
    /// The content of the fields that are complete, counted from the record's beginning.
    private var fields: [Range<Int>] = []

    /// Opens a file at its beginning; a byte order mark there is passed over.
    package init(path: String, blockSize: Int = 1 << 20, limits: CSVLimits = CSVLimits()) throws(CSVError) {
        let file = try CSVFile(path: path)
        bufferOffset = try file.byteOrderMarkLength()
        buffer = BlockBuffer(capacity: blockSize)
        self.file = file
        self.blockSize = blockSize
        self.limits = limits
    }

    // MARK: - The present record

    /// The last component of the file's path.
    package var fileName: String { file.name }

    /// The size of the file when it was opened.
    package var byteCount: Int64 { file.byteCount }

    /// How much memory the buffer takes; it grows for large records, and does not shrink.
    package var bufferBytes: Int { buffer.capacity }

    /// How many fields the present record has.
    package var fieldCount: Int { fields.count }

    /// Where the present record stands in the file, with the end of its line.
    package var recordRange: Range<Int64> {
        bufferOffset + Int64(recordStart)..<bufferOffset + Int64(position)
    }

    /// Calls `body` with the content of a field.
    package func withBytes<Result, Failure: Error>(
        of field: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = fields[field]
        return try buffer.withBytes(recordStart + range.lowerBound..<recordStart + range.upperBound, body)
    }

    // MARK: - Moving

    /// Goes to a place in the file, which must be the beginning of a record.
    package mutating func seek(to offset: Int64) {
        buffer.removeAll()
        fields.removeAll(keepingCapacity: true)
        bufferOffset = offset
        isAtEnd = false
        (position, recordStart, fieldStart, fieldEnd) = (0, 0, 0, 0)
    }

    /// Goes on to the next record; false at the end of the file.
    package mutating func next() throws(CSVError) -> Bool {
        fields.removeAll(keepingCapacity: true)
        (recordStart, fieldStart, fieldEnd) = (position, position, position)
        while try hasByte(), CSVByte.isLineEnd(buffer[position]) {
            position += 1
            recordStart = position
        }
        guard try hasByte() else { return false }
        repeat {
            try readField()
        } while try endField()
        return true
    }

    private mutating func readField() throws(CSVError) {
        (fieldStart, fieldEnd) = (position, position)
        if try hasByte(), buffer[position] == CSVByte.quote {
            position += 1
            (fieldStart, fieldEnd) = (position, position)
            try readQuoted()
        }
        try readUnquoted()
    }

    /// Takes everything up to the closing quote, which it passes.
    private mutating func readQuoted() throws(CSVError) {
        while try hasByte() {
            take(upTo: buffer.firstQuote(from: position))
            guard position < buffer.count else { continue }
            position += 1
            guard try hasByte(), buffer[position] == CSVByte.quote else { return }
            // The second of two quotes stands for both.
            take(upTo: position + 1)
        }
    }

    /// Takes everything up to the next separator.
    private mutating func readUnquoted() throws(CSVError) {
        while try hasByte() {
            take(upTo: buffer.firstSeparator(from: position))
            if position < buffer.count { return }
        }
    }

    /// Adds the bytes from the position on to the field.
    private mutating func take(upTo end: Int) {
        if fieldEnd != position {
            buffer.move(position..<end, to: fieldEnd)
        }
        fieldEnd += end - position
        position = end
    }

    /// Completes the field and passes the separator; tells whether the record has one more field.
    private mutating func endField() throws(CSVError) -> Bool {
        try checkLimits()
        guard fields.count < limits.columns else { throw excess(.columns(limit: limits.columns)) }
        fields.append(fieldStart - recordStart..<fieldEnd - recordStart)
        guard try hasByte() else { return false }
        let separator = buffer[position]
        position += 1
        if separator == CSVByte.carriageReturn, try hasByte(), buffer[position] == CSVByte.lineFeed {
            position += 1
        }
        return separator == CSVByte.comma
    }

    // MARK: - Blocks

    /// Tells whether there is a byte at the position, and reads a block if it is not there yet.
    @inline(__always)
    private mutating func hasByte() throws(CSVError) -> Bool {
        if position < buffer.count { return true }
        return try readBlock()
    }

    private mutating func readBlock() throws(CSVError) -> Bool {
        guard !isAtEnd else { return false }
        try checkLimits()
        dropPastRecords()
        let count = try file.read(blockSize, at: bufferOffset + Int64(buffer.count), into: &buffer)
        isAtEnd = count == 0
        return !isAtEnd
    }

    private mutating func dropPastRecords() {
        let past = recordStart
        buffer.removeFirst(past)
        bufferOffset += Int64(past)
        position -= past
        recordStart = 0
        fieldStart -= past
        fieldEnd -= past
    }

    private func checkLimits() throws(CSVError) {
        guard fieldEnd - fieldStart <= limits.fieldBytes else { throw excess(.fieldBytes(limit: limits.fieldBytes)) }
        guard position - recordStart <= limits.recordBytes else {
            throw excess(.recordBytes(limit: limits.recordBytes))
        }
    }

    private func excess(_ excess: CSVExcess) -> CSVError {
        let offset = recordRange.lowerBound
        do {
            return .tooLarge(file: file.name, line: try line(at: offset), offset: offset, excess: excess)
        } catch {
            return error
        }
    }

    // MARK: - Lines

    /// The number of the line at an offset, from 1 on, by reading the file up to there.
    ///
    /// Lines are counted when somebody asks, so that the scanner need not look at each byte of a quoted field.
    package func line(at offset: Int64) throws(CSVError) -> Int {
        var block = BlockBuffer(capacity: 1 << 20)
        var line = 1
        var isAfterCarriageReturn = false
        var blockStart: Int64 = 0
        while blockStart < offset {
            let count = try file.read(Int(min(1 << 20, offset - blockStart)), at: blockStart, into: &block)
            guard count > 0 else { break }
            block.withBytes(0..<count) { bytes in
                for index in bytes.indices where CSVByte.isLineEnd(bytes[index]) || isAfterCarriageReturn {
                    let isSecondOfTwo = isAfterCarriageReturn && bytes[index] == CSVByte.lineFeed
                    isAfterCarriageReturn = bytes[index] == CSVByte.carriageReturn
                    if CSVByte.isLineEnd(bytes[index]), !isSecondOfTwo { line += 1 }
                }
            }
            block.removeAll()
            blockStart += Int64(count)
        }
        return line
    }
}
