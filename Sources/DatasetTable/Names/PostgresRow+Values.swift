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

    /// A count of rows or bytes.
    ///
    /// It is not negative, and small enough to be added up and multiplied: no table has as many, whatever a server says.
    package func count(_ column: PostgresColumnSelector) throws(PostgresError) -> Int {
        let count = try int64(column)
        guard (0...1 << 46).contains(count) else {
            throw .malformedValue(statement: statement, column: column.description, expected: "a count", byteCount: 8)
        }
        return Int(count)
    }

    /// The number of a shard.
    package func shard(_ column: PostgresColumnSelector) throws(PostgresError) -> Int32 {
        let shard = try int32(column)
        guard (0..<Int32(ResolvedTable.shardCount)).contains(shard) else {
            throw .malformedValue(statement: statement, column: column.description, expected: "a shard", byteCount: 4)
        }
        return shard
    }
}
