import DatasetTable
import Postgres
import Testing

/// A server can answer any number; none of them may end the process.
@Suite("A number of the server's")
struct ServerValuesTests {
    private func row(_ value: Int64) -> PostgresRow {
        let bytes = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
        let columns = [
            PostgresResult.Column(name: "count", typeOID: PostgresTypeOID.int8),
            PostgresResult.Column(name: "shard", typeOID: PostgresTypeOID.int4),
        ]
        return PostgresResult(statement: "plan", columns: columns, rows: [[bytes, Array(bytes.suffix(4))]])[0]
    }

    @Test("is a count if it is not negative and no table is too small for it", arguments: [0, 1, 1 << 46])
    func count(value: Int64) throws {
        #expect(try row(value).count("count") == Int(value))
    }

    @Test("is no count otherwise", arguments: [-1, .min, 1 << 46 + 1, .max])
    func noCount(value: Int64) {
        let error = #expect(throws: PostgresError.self) { try row(value).count("count") }
        #expect(error?.description.contains("not a count") == true)
    }

    @Test("is a shard from 0 to 63")
    func shard() throws {
        #expect(try row(63).shard("shard") == 63)
        for value in [-1, 64, Int64(Int32.max), Int64(Int32.min)] {
            #expect(throws: PostgresError.self) { try row(value).shard("shard") }
        }
    }
}
