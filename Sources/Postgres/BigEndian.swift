/// Writes integers in network byte order, the order of every number in PostgreSQL's protocol, into raw memory.
@safe struct BigEndianWriter {
    private let buffer: UnsafeMutableRawBufferPointer
    private let capacity: Int
    /// The number of bytes written so far.
    private(set) var offset = 0

    /// As many bytes as the closure writes, at most `count`.
    static func bytes(_ count: Int, write: (inout BigEndianWriter) -> Void) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            var writer = unsafe BigEndianWriter(UnsafeMutableRawBufferPointer(buffer))
            write(&writer)
            initializedCount = writer.offset
        }
    }

    /// Writes from the start of this memory, which must stay valid as long as the writer is used.
    @unsafe private init(_ buffer: UnsafeMutableRawBufferPointer) {
        unsafe self.buffer = unsafe buffer
        capacity = buffer.count
    }

    /// Writes one integer.
    ///
    /// - Precondition: The memory has room for it.
    mutating func append(_ integer: some FixedWidthInteger & BitwiseCopyable) {
        let byteCount = integer.bitWidth / 8
        precondition(offset + byteCount <= capacity, "more bytes than planned")
        unsafe buffer.storeBytes(of: integer.bigEndian, toByteOffset: offset, as: type(of: integer))
        offset += byteCount
    }

    /// Writes bytes as they are.
    ///
    /// - Precondition: The memory has room for them.
    mutating func append(_ bytes: [UInt8]) {
        precondition(offset + bytes.count <= capacity, "more bytes than planned")
        unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]).copyBytes(from: bytes)
        offset += bytes.count
    }
}

/// Reads integers in network byte order.
struct BigEndianReader<Bytes: Collection<UInt8>> {
    private var rest: Bytes.SubSequence

    init(_ bytes: Bytes) {
        rest = bytes[...]
    }

    /// The next integer of this type.
    ///
    /// - Precondition: That many bytes are left.
    mutating func next<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer {
        var integer = Integer.zero
        for _ in 0..<(Integer.bitWidth / 8) {
            integer = integer &<< 8 | Integer(truncatingIfNeeded: rest.removeFirst())
        }
        return integer
    }
}
