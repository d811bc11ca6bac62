/// The binary format of pgvector's type `halfvec`: that of ``PGVector`` with elements of half precision.
///
/// All numbers are big-endian:
///
/// | offset | bytes | content |
/// |---:|---:|---|
/// | 0 | 2 | dimension `d` as int16, 1 to 16,000 |
/// | 2 | 2 | zero, unused |
/// | 4 | 2·d | the elements as IEEE 754 half precision |
///
/// Elements are rounded to the nearest, ties to even, which is what the server does to a `vector` that is cast. Beyond
/// 65,504 that is infinity, which the server refuses.
public enum PGHalfVector {
    /// The number of bytes that a vector of this dimension takes.
    public static func byteCount(dimension: Int) -> Int {
        4 + 2 * dimension
    }

    /// Writes one vector in binary.
    ///
    /// - Precondition: The vector has 1 to ``PGVector/maxDimension`` elements.
    public static func encode(_ vector: [Float]) -> [UInt8] {
        BigEndianWriter.bytes(byteCount(dimension: vector.count)) { append(vector, to: &$0) }
    }

    /// The largest amount by which rounding moves a component.
    public static func largestError(of vector: [Float]) -> Float {
        vector.reduce(0) { max($0, abs($1 - Float(Float16($1)))) }
    }

    /// Appends one vector to a buffer that has room for it.
    static func append(_ vector: [Float], to writer: inout BigEndianWriter) {
        PGVector.appendHeader(dimension: vector.count, to: &writer)
        for element in vector {
            writer.append(Float16(element).bitPattern)
        }
    }
}
