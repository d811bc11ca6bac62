import Postgres
import Testing

@Suite("Reading rows")
struct PostgresRowTests {
    private static let columns: [PostgresResult.Column] = [
        .init(name: "small", typeOID: PostgresTypeOID.int2), .init(name: "big", typeOID: PostgresTypeOID.int8),
        .init(name: "flag", typeOID: PostgresTypeOID.bool), .init(name: "txt", typeOID: PostgresTypeOID.text),
        .init(name: "raw", typeOID: PostgresTypeOID.bytea), .init(name: "real", typeOID: PostgresTypeOID.float4),
    ]

    private static func row(_ values: [[UInt8]?]) -> PostgresRow {
        PostgresResult(statement: "read", columns: columns, rows: [values])[0]
    }

    private let row = Self.row([
        [0xFF, 0xFE], [0, 0, 0, 1, 0, 0, 0, 0], [1], [0xC3, 0xA9], [], [0xC0, 0x20, 0, 0],
    ])

    @Test("Values come by number and by name")
    func values() throws {
        #expect(try row.int32(0) == -2)
        #expect(try row.int64("small") == -2)
        #expect(try row.int64("big") == 1 << 32)
        #expect(try row.bool(2))
        #expect(try row.text("txt") == "é")
        #expect(try row.bytea("raw") == [])
        #expect(try row.bytes(3) == [0xC3, 0xA9])
        #expect(try row.float8("real") == -2.5)
        #expect(try !row.isNull("raw"))
    }

    @Test("A NULL is not an empty value")
    func null() throws {
        let row = Self.row([nil, nil, nil, nil, [], nil])
        #expect(try row.isNull("txt"))
        #expect(throws: PostgresError.unexpectedNull(statement: "read", column: "\"txt\"")) { try row.text("txt") }
        #expect(throws: PostgresError.unexpectedNull(statement: "read", column: "4")) {
            try Self.row([nil, nil, nil, nil, nil, nil]).bytes(4)
        }
    }

    @Test(
        "A missing column is named", arguments: [.name("nowhere"), .number(6), .number(-1)] as [PostgresColumnSelector])
    func missing(column: PostgresColumnSelector) {
        #expect(throws: PostgresError.missingColumn(statement: "read", column: column.description)) {
            try row.bytes(column)
        }
    }

    @Test("A column of another type is refused, with both types named")
    func typeMismatch() {
        #expect(
            throws: PostgresError.typeMismatch(
                statement: "read", column: "\"big\"", expected: "integer", found: "bigint")
        ) { try row.int32("big") }
        #expect(throws: PostgresError.self) { try row.text("raw") }
        #expect(throws: PostgresError.self) { try row.int64("flag") }
        #expect(throws: PostgresError.self) { try row.float8("big") }
        #expect(throws: PostgresError.self) { try row.oid("small") }
    }

    @Test("Bytes that are no value of the type are refused")
    func malformed() {
        let row = Self.row([[1], [1, 2, 3], [0, 0], [0xFF], [], [0]])
        #expect(
            throws: PostgresError.malformedValue(
                statement: "read", column: "\"txt\"", expected: "valid UTF-8", byteCount: 1)
        ) { try row.text("txt") }
        #expect(throws: PostgresError.self) { try row.int32("small") }
        #expect(throws: PostgresError.self) { try row.int64("big") }
        #expect(throws: PostgresError.self) { try row.bool("flag") }
        #expect(throws: PostgresError.self) { try row.float8("real") }
    }

    @Test("Rows are counted and kept apart")
    func rows() throws {
        let result = PostgresResult(
            statement: "read", columns: [.init(name: "k", typeOID: PostgresTypeOID.bytea)],
            rows: [[[1]], [nil], [[3, 3]]])
        #expect(result.count == 3)
        #expect(try result.map { try $0.isNull("k") ? [] : try $0.bytes("k") } == [[1], [], [3, 3]])
    }
}
