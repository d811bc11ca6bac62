/// The binary format of pgvector's type `vector`.
///
/// All numbers are big-endian:
///
/// | offset | bytes | content |
/// |---:|---:|---|
/// | 0 | 2 | dimension `d` as int16, 1 to 16,000 |
/// | 2 | 2 | zero, unused |
/// | 4 | 4·d | the elements as IEEE 754 single precision |
///
/// The server checks what it receives and refuses the whole statement: 22000 for NaN, infinity or a dimension other
/// than the column's, 08P01 or 22P03 for bytes that are too few or too many.
public enum PGVector {
    /// The largest dimension that pgvector stores; it indexes at most 2,000.
    public static let maxDimension = 16_000

    /// The number of bytes that a vector of this dimension takes.
    public static func byteCount(dimension: Int) -> Int {
        4 + 4 * dimension
    }

    /// Writes one vector in binary.
    ///
    /// - Precondition: The vector has 1 to ``maxDimension`` elements.
    public static func encode(_ vector: [Float]) -> [UInt8] {
        BigEndianWriter.bytes(byteCount(dimension: vector.count)) { append(vector, to: &$0) }
    }

    /// Reads one vector from binary; an error says which field contradicts the byte count.
    public static func decode(_ bytes: some Collection<UInt8>) throws(PostgresError) -> [Float] {
        guard bytes.count >= 4 else {
            throw .malformedVector(reason: "it has \(bytes.count) bytes, fewer than its header")
        }
        var reader = BigEndianReader(bytes)
        let dimension = Int(reader.next(UInt16.self))
        let unused = reader.next(UInt16.self)
        guard (1...maxDimension).contains(dimension), unused == 0 else {
            throw .malformedVector(reason: "its header says dimension \(dimension) and \(unused) where 0 belongs")
        }
        guard bytes.count == byteCount(dimension: dimension) else {
            throw .malformedVector(
                reason: "\(dimension) dimensions take \(byteCount(dimension: dimension)) bytes, it has \(bytes.count)")
        }
        return (0..<dimension).map { _ in Float(bitPattern: reader.next(UInt32.self)) }
    }

    /// Appends one vector to a buffer that has room for it.
    static func append(_ vector: [Float], to writer: inout BigEndianWriter) {
        appendHeader(dimension: vector.count, to: &writer)
        for element in vector {
            writer.append(element.bitPattern)
        }
    }

    /// Appends dimension and padding, with which a `halfvec` begins too.
    static func appendHeader(dimension: Int, to writer: inout BigEndianWriter) {
        precondition(
            (1...maxDimension).contains(dimension), "a vector has 1 to \(maxDimension) dimensions, not \(dimension)")
        writer.append(UInt16(dimension))
        writer.append(UInt16(0))
    }
}
