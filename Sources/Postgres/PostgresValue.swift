/// A parameter of a statement, in PostgreSQL's binary format.
///
/// Binary, not text: numbers and vectors cost no parsing in the server, and a NUL within text is refused there
/// (22021), whereas a parameter in text format would silently end at it.
public struct PostgresValue: Sendable, Equatable {
    /// The type the server takes the bytes for.
    public let typeOID: UInt32
    /// The value in the type's binary format, or nil for SQL NULL.
    public let bytes: [UInt8]?

    /// A value whose bytes are already in the binary format of the type, such as a key read from another row.
    public init(typeOID: UInt32, bytes: [UInt8]?) {
        self.typeOID = typeOID
        self.bytes = bytes
    }

    /// SQL NULL of this type.
    public static func null(_ typeOID: UInt32) -> PostgresValue {
        PostgresValue(typeOID: typeOID, bytes: nil)
    }

    /// A `boolean`: one byte, 0 or 1.
    public static func bool(_ value: Bool) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.bool, bytes: [value ? 1 : 0])
    }

    /// A `smallint`.
    public static func int2(_ value: Int16) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.int2, bytes: bigEndianBytes(value))
    }

    /// An `integer`.
    public static func int4(_ value: Int32) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.int4, bytes: bigEndianBytes(value))
    }

    /// A `bigint`.
    public static func int8(_ value: Int64) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.int8, bytes: bigEndianBytes(value))
    }

    /// An object identifier.
    public static func oid(_ value: UInt32) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.oid, bytes: bigEndianBytes(value))
    }

    /// A `real`.
    public static func float4(_ value: Float) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.float4, bytes: bigEndianBytes(value.bitPattern))
    }

    /// A `double precision`.
    public static func float8(_ value: Double) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.float8, bytes: bigEndianBytes(value.bitPattern))
    }

    /// A `text` in UTF-8, in which the server refuses a NUL character (22021).
    public static func text(_ value: String) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.text, bytes: Array(value.utf8))
    }

    /// A `bytea`.
    public static func bytea(_ value: [UInt8]) -> PostgresValue {
        PostgresValue(typeOID: PostgresTypeOID.bytea, bytes: value)
    }

    /// A pgvector `vector`, whose OID the caller has looked up in this database.
    ///
    /// - Precondition: The vector has 1 to ``PGVector/maxDimension`` elements.
    public static func vector(_ vector: [Float], typeOID: UInt32) -> PostgresValue {
        PostgresValue(typeOID: typeOID, bytes: PGVector.encode(vector))
    }

    private static func bigEndianBytes(_ integer: some FixedWidthInteger) -> [UInt8] {
        stride(from: integer.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: integer >> $0) }
    }
}
