import Glibc

/// Bytes of a file, one after another, with room at the end to read more of them.
///
/// All of the module's handling of pointers is here. Indices beyond the content are a programmer's error and trap.
///
/// - Note: Sendable is unchecked because of the pointer. The invariant: only this value, which cannot be copied, has it.
@safe struct BlockBuffer: ~Copyable, @unchecked Sendable {
    private var storage: UnsafeMutableRawPointer
    /// How many bytes there is room for.
    private(set) var capacity: Int
    /// How many bytes there are.
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        unsafe storage = Self.allocate(nil, self.capacity)
    }

    deinit {
        unsafe free(storage)
    }

    subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return unsafe storage.load(fromByteOffset: index, as: UInt8.self)
    }

    // MARK: - Filling

    /// Lets `read` write to the room behind the content; a negative answer of it is handed on and adds nothing.
    mutating func append(atMost room: Int, _ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        if capacity - count < room {
            capacity = max(capacity * 2, count + room)
            unsafe storage = Self.allocate(storage, capacity)
        }
        let readCount = unsafe read(UnsafeMutableRawBufferPointer(start: storage + count, count: room))
        precondition(readCount <= room)
        count += max(readCount, 0)
        return readCount
    }

    /// Removes the first bytes; the rest moves to the beginning.
    mutating func removeFirst(_ removed: Int) {
        precondition(removed >= 0 && removed <= count)
        count -= removed
        unsafe memmove(storage, storage + removed, count)
    }

    /// Removes everything.
    mutating func removeAll() {
        count = 0
    }

    /// Moves some bytes towards the beginning.
    mutating func move(_ range: Range<Int>, to destination: Int) {
        precondition(destination >= 0 && destination <= range.lowerBound && range.upperBound <= count)
        unsafe memmove(storage + destination, storage + range.lowerBound, range.count)
    }

    // MARK: - Looking

    /// Calls `body` with the bytes of a range.
    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        let bytes = unsafe UnsafeRawBufferPointer(start: storage + range.lowerBound, count: range.count)
        return try unsafe body(bytes.bindMemory(to: UInt8.self).span)
    }

    /// The first quote from an index on, or the content's end.
    func firstQuote(from start: Int) -> Int {
        precondition(start >= 0 && start <= count)
        guard let found = unsafe memchr(storage + start, Int32(CSVByte.quote), count - start) else { return count }
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(storage)
    }

    /// The first comma, CR or LF from an index on, or the content's end.
    func firstSeparator(from start: Int) -> Int {
        precondition(start >= 0)
        var index = start
        while index + 8 <= count {
            let word = UInt64(littleEndian: unsafe storage.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found =
                Self.matches(of: CSVByte.comma, in: word) | Self.matches(of: CSVByte.lineFeed, in: word)
                | Self.matches(of: CSVByte.carriageReturn, in: word)
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, !CSVByte.isSeparator(self[index]) {
            index += 1
        }
        return index
    }

    /// A word whose lowest set bit is the top bit of the first byte that equals `byte`; 0 if none does.
    ///
    /// Bytes behind the first match may be marked wrongly: subtraction borrows from them.
    @inline(__always)
    private static func matches(of byte: UInt8, in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & (ones << 7)
    }

    private static func allocate(_ old: UnsafeMutableRawPointer?, _ capacity: Int) -> UnsafeMutableRawPointer {
        guard let storage = unsafe realloc(old, capacity) else {
            fatalError("there is no memory for \(capacity) bytes of a CSV file; give the process more")
        }
        return unsafe storage
    }
}
