/// Object identifiers (OIDs) of the built-in types, the same in every server.
///
/// The types of extensions, such as `vector`, have another OID in every database: look them up once per connection
/// with `SELECT 'vector'::regtype::oid, 'vector[]'::regtype::oid`.
public enum PostgresTypeOID {
    /// `boolean`.
    public static let bool: UInt32 = 16
    /// `bytea`: bytes.
    public static let bytea: UInt32 = 17
    /// `name`: an identifier in the catalog.
    public static let name: UInt32 = 19
    /// `bigint`.
    public static let int8: UInt32 = 20
    /// `smallint`.
    public static let int2: UInt32 = 21
    /// `integer`.
    public static let int4: UInt32 = 23
    /// `text`.
    public static let text: UInt32 = 25
    /// `oid`: an object identifier.
    public static let oid: UInt32 = 26
    /// `real`.
    public static let float4: UInt32 = 700
    /// `double precision`.
    public static let float8: UInt32 = 701
    /// `char(n)`.
    public static let bpchar: UInt32 = 1042
    /// `varchar(n)`.
    public static let varchar: UInt32 = 1043
    /// `regtype`: a type's object identifier that prints as its name.
    public static let regtype: UInt32 = 2206
    /// `uuid`.
    public static let uuid: UInt32 = 2950

    /// `boolean[]`.
    public static let boolArray: UInt32 = 1000
    /// `bytea[]`.
    public static let byteaArray: UInt32 = 1001
    /// `smallint[]`.
    public static let int2Array: UInt32 = 1005
    /// `integer[]`.
    public static let int4Array: UInt32 = 1007
    /// `text[]`.
    public static let textArray: UInt32 = 1009
    /// `bigint[]`.
    public static let int8Array: UInt32 = 1016
    /// `uuid[]`.
    public static let uuidArray: UInt32 = 2951

    /// The SQL name of a built-in scalar type, otherwise `type 12345`.
    static func description(of oid: UInt32) -> String {
        switch oid {
        case bool: "boolean"
        case bytea: "bytea"
        case name: "name"
        case int8: "bigint"
        case int2: "smallint"
        case int4: "integer"
        case text: "text"
        case Self.oid: "oid"
        case float4: "real"
        case float8: "double precision"
        case bpchar: "char"
        case varchar: "varchar"
        case regtype: "regtype"
        case uuid: "uuid"
        default: "type \(oid)"
        }
    }
}
