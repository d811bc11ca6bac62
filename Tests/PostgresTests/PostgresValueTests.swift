import Postgres
import Testing

@Suite("Parameters in binary format")
struct PostgresValueTests {
    @Test(
        "A scalar is its bytes in network order",
        arguments: [
            (.bool(true), 16, [1]), (.bool(false), 16, [0]),
            (.int2(-2), 21, [0xFF, 0xFE]),
            (.int4(0x0102_0304), 23, [1, 2, 3, 4]),
            (.int8(-2), 20, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]),
            (.oid(0xF000_0001), 26, [0xF0, 0, 0, 1]),
            (.float4(-2.5), 700, [0xC0, 0x20, 0, 0]),
            (.float8(1), 701, [0x3F, 0xF0, 0, 0, 0, 0, 0, 0]),
            (.text("aé"), 25, [0x61, 0xC3, 0xA9]), (.text(""), 25, []), (.text("a\0b"), 25, [0x61, 0, 0x62]),
            (.bytea([0, 255]), 17, [0, 255]),
            (.vector([1], typeOID: 70_000), 70_000, [0, 1, 0, 0, 0x3F, 0x80, 0, 0]),
        ] as [(PostgresValue, UInt32, [UInt8])])
    func scalar(value: PostgresValue, typeOID: UInt32, bytes: [UInt8]) {
        #expect(value == PostgresValue(typeOID: typeOID, bytes: bytes))
    }

    @Test("NULL has a type and no bytes")
    func null() {
        #expect(PostgresValue.null(25) == PostgresValue(typeOID: 25, bytes: nil))
        #expect(PostgresValue.null(25) != .text(""))
    }

    @Test("An array has one dimension from 1 on and the length of each element")
    func array() {
        let array = PostgresValue.array(of: 17, arrayOID: 1001, elements: [[7, 8], []])
        #expect(array.typeOID == 1001)
        #expect(
            array.bytes == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 2, 0, 0, 0, 1]
                + [0, 0, 0, 2, 7, 8] + [0, 0, 0, 0])
    }

    @Test("A NULL in an array has length -1 and raises the flag")
    func arrayWithNull() {
        #expect(
            PostgresValue.array(of: 17, arrayOID: 1001, elements: [nil, [7]]).bytes
                == [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 17, 0, 0, 0, 2, 0, 0, 0, 1]
                + [0xFF, 0xFF, 0xFF, 0xFF] + [0, 0, 0, 1, 7])
    }

    @Test("An empty array has no dimension")
    func emptyArray() {
        #expect(PostgresValue.int8Array([]).bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20])
    }

    @Test("Typed arrays equal the arrays of their elements")
    func typedArrays() {
        #expect(
            PostgresValue.int4Array([1, -1])
                == .array(of: 23, arrayOID: 1007, elements: [[0, 0, 0, 1], [255, 255, 255, 255]]))
        #expect(PostgresValue.int8Array([2]) == .array(of: 20, arrayOID: 1016, elements: [[0, 0, 0, 0, 0, 0, 0, 2]]))
        #expect(PostgresValue.boolArray([true, false]) == .array(of: 16, arrayOID: 1000, elements: [[1], [0]]))
        #expect(PostgresValue.textArray(["é", ""]) == .array(of: 25, arrayOID: 1009, elements: [[0xC3, 0xA9], []]))
        #expect(PostgresValue.byteaArray([[9]]) == .array(of: 17, arrayOID: 1001, elements: [[9]]))
        #expect(
            PostgresValue.vectorArray([[1, 2], [3]], elementOID: 70_000, arrayOID: 70_005)
                == .array(
                    of: 70_000, arrayOID: 70_005, elements: [PGVector.encode([1, 2]), PGVector.encode([3])]))
    }
}
