import Postgres
import Testing

@Suite("pgvector's binary format")
struct PGVectorTests {
    @Test("A vector is its dimension, a zero and its elements, all big-endian")
    func encoding() {
        // 1.0 is 0x3F800000, -2.5 is 0xC0200000, 0.1 is 0x3DCCCCCD.
        #expect(
            PGVector.encode([1, -2.5, 0.1])
                == [0, 3, 0, 0, 0x3F, 0x80, 0, 0, 0xC0, 0x20, 0, 0, 0x3D, 0xCC, 0xCC, 0xCD])
    }

    @Test("A dimension beyond one byte keeps its order", arguments: [384, PGVector.maxDimension])
    func largeDimension(dimension: Int) {
        let bytes = PGVector.encode([Float](repeating: 0, count: dimension))
        #expect(bytes.count == PGVector.byteCount(dimension: dimension))
        #expect(Array(bytes.prefix(4)) == [UInt8(dimension >> 8), UInt8(dimension & 0xFF), 0, 0])
    }

    @Test("Decoding gives back the very bits")
    func roundTrip() throws {
        let vector: [Float] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3]
        let decoded = try PGVector.decode(PGVector.encode(vector))
        #expect(decoded.map(\.bitPattern) == vector.map(\.bitPattern))
    }

    @Test(
        "Bytes that contradict themselves are refused",
        arguments: [
            [], [0, 1, 0],  // no whole header
            [0, 0, 0, 0],  // no dimension
            [0, 1, 0, 1, 0, 0, 0, 0],  // the unused field is used
            [0, 1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0, 0],  // too few, too many
            [0xFF, 0xFF, 0, 0],  // beyond the largest dimension
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) throws {
        let error = #expect(throws: PostgresError.self) { try PGVector.decode(bytes) }
        guard case .malformedVector = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
    }
}
