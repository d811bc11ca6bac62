/// A row of a result, read column by column.
///
/// A column is chosen by a literal, its number from 0 or its name: `row.int64(0)`, `row.text("title")`. Each reader
/// throws if there is no such column, if its type is not one the reader takes, or if it is NULL.
public struct PostgresRow: Sendable {
    let result: PostgresResult
    let index: Int

    /// The name of the statement that returned the row.
    package var statement: String { result.statement }

    /// Whether the column is NULL.
    public func isNull(_ column: PostgresColumnSelector) throws(PostgresError) -> Bool {
        result.value(row: index, column: try position(of: column)) == nil
    }

    /// The bytes of a column of any type in binary format, to be sent back as a parameter of the same type.
    public func bytes(_ column: PostgresColumnSelector) throws(PostgresError) -> [UInt8] {
        Array(try value(column))
    }

    /// A `bytea`.
    public func bytea(_ column: PostgresColumnSelector) throws(PostgresError) -> [UInt8] {
        Array(try value(column, expected: "bytea", types: [PostgresTypeOID.bytea]))
    }

    /// A `text`, `varchar`, `char` or `name`.
    public func text(_ column: PostgresColumnSelector) throws(PostgresError) -> String {
        let types = [PostgresTypeOID.text, PostgresTypeOID.varchar, PostgresTypeOID.bpchar, PostgresTypeOID.name]
        let bytes = try value(column, expected: "text", types: types)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw malformed(column, expected: "valid UTF-8", byteCount: bytes.count)
        }
        return text
    }

    /// A `boolean`.
    public func bool(_ column: PostgresColumnSelector) throws(PostgresError) -> Bool {
        let bytes = try value(column, expected: "boolean", types: [PostgresTypeOID.bool])
        guard bytes.count == 1, let byte = bytes.first else {
            throw malformed(column, expected: "boolean", byteCount: bytes.count)
        }
        return byte != 0
    }

    /// An `integer` or `smallint`.
    public func int32(_ column: PostgresColumnSelector) throws(PostgresError) -> Int32 {
        let types = [PostgresTypeOID.int4, PostgresTypeOID.int2]
        let bytes = try value(column, expected: "integer", types: types)
        guard let integer = Int32(exactly: try signedInteger(bytes, of: column)) else {
            throw malformed(column, expected: "integer", byteCount: bytes.count)
        }
        return integer
    }

    /// A `bigint`, `integer` or `smallint`.
    public func int64(_ column: PostgresColumnSelector) throws(PostgresError) -> Int64 {
        let types = [PostgresTypeOID.int8, PostgresTypeOID.int4, PostgresTypeOID.int2]
        return try signedInteger(try value(column, expected: "bigint", types: types), of: column)
    }

    /// An `oid` or `regtype`.
    public func oid(_ column: PostgresColumnSelector) throws(PostgresError) -> UInt32 {
        let bytes = try value(column, expected: "oid", types: [PostgresTypeOID.oid, PostgresTypeOID.regtype])
        guard bytes.count == 4 else { throw malformed(column, expected: "oid", byteCount: bytes.count) }
        var reader = BigEndianReader(bytes)
        return reader.next(UInt32.self)
    }

    /// A `double precision` or `real`.
    public func float8(_ column: PostgresColumnSelector) throws(PostgresError) -> Double {
        let types = [PostgresTypeOID.float8, PostgresTypeOID.float4]
        let bytes = try value(column, expected: "double precision", types: types)
        var reader = BigEndianReader(bytes)
        switch bytes.count {
        case 4: return Double(Float(bitPattern: reader.next(UInt32.self)))
        case 8: return Double(bitPattern: reader.next(UInt64.self))
        default: throw malformed(column, expected: "double precision", byteCount: bytes.count)
        }
    }

    /// A pgvector `vector`.
    ///
    /// Its type is not checked, for the OID differs from database to database; its format is.
    public func vector(_ column: PostgresColumnSelector) throws(PostgresError) -> [Float] {
        try PGVector.decode(try value(column))
    }
}

// MARK: - Looking up and checking

extension PostgresRow {
    private func position(of column: PostgresColumnSelector) throws(PostgresError) -> Int {
        let position =
            switch column {
            case .number(let number): result.columns.indices.contains(number) ? number : nil
            case .name(let name): result.columns.firstIndex { $0.name == name }
            }
        guard let position else {
            throw .missingColumn(statement: result.statement, column: column.description)
        }
        return position
    }

    private func value(_ column: PostgresColumnSelector) throws(PostgresError) -> ArraySlice<UInt8> {
        guard let value = result.value(row: index, column: try position(of: column)) else {
            throw .unexpectedNull(statement: result.statement, column: column.description)
        }
        return value
    }

    private func value(
        _ column: PostgresColumnSelector, expected: String, types: [UInt32]
    ) throws(PostgresError) -> ArraySlice<UInt8> {
        let found = result.columns[try position(of: column)].typeOID
        guard types.contains(found) else {
            throw .typeMismatch(
                statement: result.statement, column: column.description, expected: expected,
                found: PostgresTypeOID.description(of: found))
        }
        return try value(column)
    }

    private func signedInteger(
        _ bytes: ArraySlice<UInt8>, of column: PostgresColumnSelector
    ) throws(PostgresError) -> Int64 {
        var reader = BigEndianReader(bytes)
        switch bytes.count {
        case 2: return Int64(reader.next(Int16.self))
        case 4: return Int64(reader.next(Int32.self))
        case 8: return reader.next(Int64.self)
        default: throw malformed(column, expected: "integer", byteCount: bytes.count)
        }
    }

    private func malformed(_ column: PostgresColumnSelector, expected: String, byteCount: Int) -> PostgresError {
        .malformedValue(
            statement: result.statement, column: column.description, expected: expected, byteCount: byteCount)
    }
}
