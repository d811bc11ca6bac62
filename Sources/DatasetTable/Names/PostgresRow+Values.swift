import Checksum
package import Postgres

extension PostgresRow {
    /// A text for people; one that is not UTF-8 as the server writes a `bytea`, so that it stays unmistakable.
    package func printable(_ column: PostgresColumnSelector) throws(PostgresError) -> String {
        let bytes = try bytes(column)
        return String(validating: bytes, as: UTF8.self) ?? "\\x" + bytes.hexadecimal
    }

    /// A fingerprint in a column of type `bytea`.
    package func fingerprint(_ column: PostgresColumnSelector) throws(PostgresError) -> Fingerprint {
        Fingerprint(try bytea(column))
    }

    /// A row's key, whatever its type.
    package func key(_ column: PostgresColumnSelector) throws(PostgresError) -> RowKey {
        RowKey(try bytes(column))
    }

    /// A count; no table has more rows than an `Int` counts.
    package func count(_ column: PostgresColumnSelector) throws(PostgresError) -> Int {
        Int(try int64(column))
    }
}
