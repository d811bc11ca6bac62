/// One-dimensional arrays. All numbers of the binary format are big-endian int32:
///
/// | field | content |
/// |---|---|
/// | dimensions | 1, or 0 for an empty array, which ends after the element type |
/// | has NULLs | 1 if an element is NULL, else 0 |
/// | element type | the element's OID |
/// | count | number of elements |
/// | lower bound | 1: the index of the first element |
/// | per element | length in bytes, then the bytes; length -1 and no bytes for NULL |
extension PostgresValue {
    /// An array of elements that are already in the binary format of their type.
    ///
    /// - Parameters:
    ///   - elementOID: The type of the elements.
    ///   - arrayOID: The type of the array, `pg_type.typarray` of the element's type.
    ///   - elements: The elements, nil for NULL.
    public static func array(of elementOID: UInt32, arrayOID: UInt32, elements: [[UInt8]?]) -> PostgresValue {
        array(
            of: elementOID, arrayOID: arrayOID, count: elements.count, hasNulls: elements.contains(nil),
            payloadByteCount: elements.reduce(0) { $0 + ($1?.count ?? 0) }
        ) { writer in
            for element in elements {
                writer.append(Int32(element?.count ?? -1))
                if let element {
                    writer.append(element)
                }
            }
        }
    }

    /// An array of pgvector `vector`s, written into one buffer without a copy per vector.
    ///
    /// - Parameters:
    ///   - vectors: The vectors, each of 1 to ``PGVector/maxDimension`` elements.
    ///   - elementOID: The OID of `vector` in this database.
    ///   - arrayOID: The OID of `vector[]` in this database.
    public static func vectorArray(_ vectors: [[Float]], elementOID: UInt32, arrayOID: UInt32) -> PostgresValue {
        array(
            vectors, elementOID, arrayOID, byteCount: PGVector.byteCount, append: PGVector.append)
    }

    /// An array of pgvector `halfvec`s, likewise; components are rounded to half precision.
    ///
    /// - Parameters:
    ///   - vectors: The vectors, each of 1 to ``PGVector/maxDimension`` elements.
    ///   - elementOID: The OID of `halfvec` in this database.
    ///   - arrayOID: The OID of `halfvec[]` in this database.
    public static func halfVectorArray(_ vectors: [[Float]], elementOID: UInt32, arrayOID: UInt32) -> PostgresValue {
        array(
            vectors, elementOID, arrayOID, byteCount: PGHalfVector.byteCount, append: PGHalfVector.append)
    }

    private static func array(
        _ vectors: [[Float]], _ elementOID: UInt32, _ arrayOID: UInt32, byteCount: (_ dimension: Int) -> Int,
        append: ([Float], inout BigEndianWriter) -> Void
    ) -> PostgresValue {
        array(
            of: elementOID, arrayOID: arrayOID, count: vectors.count, hasNulls: false,
            payloadByteCount: vectors.reduce(0) { $0 + byteCount($1.count) }
        ) { writer in
            for vector in vectors {
                writer.append(Int32(byteCount(vector.count)))
                append(vector, &writer)
            }
        }
    }

    /// A `boolean[]`.
    public static func boolArray(_ values: [Bool]) -> PostgresValue {
        array(of: PostgresTypeOID.bool, arrayOID: PostgresTypeOID.boolArray, elements: values.map { [$0 ? 1 : 0] })
    }

    /// An `integer[]`.
    public static func int4Array(_ values: [Int32]) -> PostgresValue {
        integerArray(values, elementOID: PostgresTypeOID.int4, arrayOID: PostgresTypeOID.int4Array)
    }

    /// A `bigint[]`.
    public static func int8Array(_ values: [Int64]) -> PostgresValue {
        integerArray(values, elementOID: PostgresTypeOID.int8, arrayOID: PostgresTypeOID.int8Array)
    }

    /// A `text[]`.
    public static func textArray(_ values: [String]) -> PostgresValue {
        array(
            of: PostgresTypeOID.text, arrayOID: PostgresTypeOID.textArray, elements: values.map { Array($0.utf8) })
    }

    /// A `bytea[]`.
    public static func byteaArray(_ values: [[UInt8]]) -> PostgresValue {
        array(of: PostgresTypeOID.bytea, arrayOID: PostgresTypeOID.byteaArray, elements: values)
    }

    private static func integerArray<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ values: [Integer], elementOID: UInt32, arrayOID: UInt32
    ) -> PostgresValue {
        let byteCount = Integer.bitWidth / 8
        return array(
            of: elementOID, arrayOID: arrayOID, count: values.count, hasNulls: false,
            payloadByteCount: values.count * byteCount
        ) { writer in
            for value in values {
                writer.append(Int32(byteCount))
                writer.append(value)
            }
        }
    }

    /// Writes the header and lets the closure write the elements, each with its length, into the same buffer.
    private static func array(
        of elementOID: UInt32, arrayOID: UInt32, count: Int, hasNulls: Bool, payloadByteCount: Int,
        writeElements: (inout BigEndianWriter) -> Void
    ) -> PostgresValue {
        let byteCount = count == 0 ? 12 : 20 + 4 * count + payloadByteCount
        let bytes = BigEndianWriter.bytes(byteCount) { writer in
            writer.append(Int32(count == 0 ? 0 : 1))
            writer.append(Int32(hasNulls ? 1 : 0))
            writer.append(elementOID)
            if count > 0 {
                writer.append(Int32(count))
                writer.append(Int32(1))
                writeElements(&writer)
            }
        }
        return PostgresValue(typeOID: arrayOID, bytes: bytes)
    }
}
