import Postgres
import PostgresTestSupport
import Testing

@Suite("The binary format of halfvec")
struct PGHalfVectorTests {
    @Test("is a header and two bytes a component, big-endian")
    func bytes() {
        #expect(PGHalfVector.encode([1, -2]) == [0, 2, 0, 0, 0x3C, 0x00, 0xC0, 0x00])
        #expect(PGHalfVector.byteCount(dimension: 384) == 772)
    }

    @Test("rounds to the nearest, ties to even, and knows by how much")
    func rounding() {
        // Half precision has eleven significant bits: one more is a tie.
        #expect(PGHalfVector.encode([1 + 0x1p-11]) == PGHalfVector.encode([1]))
        #expect(PGHalfVector.encode([1 + 3 * 0x1p-11]) == PGHalfVector.encode([1 + 4 * 0x1p-11]))
        #expect(PGHalfVector.largestError(of: [0.5, 1 + 0x1p-11, -1 - 0x1p-12]) == 0x1p-11)
        #expect(PGHalfVector.largestError(of: [0.5, -0.25]) == 0)
    }

    @Test("is read by the server as what it makes of single precision itself", .requiresPostgres)
    func server() async throws {
        try await withTemporaryDatabase { database in
            let vectors: [[Float]] = [
                [0.1, -0.3, 1e-3, 65_504], [1 + 0x1p-11, 1 + 3 * 0x1p-11, 0x1p-24, 0x1p-26], [3e-5, -7e-6, 1, 0],
            ]
            let row = try await database.query(
                """
                SELECT 'vector'::regtype::oid AS vector, 'vector[]'::regtype::oid AS vectors, 'halfvec'::regtype::oid AS half,
                    'halfvec[]'::regtype::oid AS halves
                """
            ).first
            let types = try #require(row)
            let halves = PostgresValue.halfVectorArray(
                vectors, elementOID: try types.oid("half"), arrayOID: try types.oid("halves"))
            let singles = PostgresValue.vectorArray(
                vectors, elementOID: try types.oid("vector"), arrayOID: try types.oid("vectors"))
            let equal = try await database.query(
                """
                SELECT count(*) AS n FROM unnest($1, $2) AS x(half, single) WHERE half::text = single::halfvec::text
                """, [halves, singles])
            #expect(try equal.first?.int64("n") == 3)
        }
    }
}
