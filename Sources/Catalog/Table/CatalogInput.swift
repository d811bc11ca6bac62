import DatasetTable
import FoundationEssentials
import Postgres

/// Records in the form of the parameters of `catalog-input.sql`: one array for each column.
struct CatalogInput {
    /// Stands between tags, none of which has it.
    static let separator = "\u{1F}"

    /// A record and what is known of its row.
    struct Row {
        let record: CatalogRecord
        /// The row's key; `nil` for a new one, or if it is not known yet.
        var key: RowKey?
        /// Whether the row was taken out of service because its source no longer showed it.
        var wasGone = false
    }

    let rows: [Row]

    /// The parameters.
    ///
    /// - Parameters:
    ///   - source: Where the records come from.
    ///   - isAuthoritative: Whether they count more than what is stored, however new that is.
    ///   - keepsVectors: Whether vectors stay when their text changes.
    ///   - key: The key column.
    func parameters(
        _ source: DatasetSource, isAuthoritative: Bool, keepsVectors: Bool, key: ResolvedTable.Column
    ) -> [PostgresValue] {
        func texts(_ value: (CatalogRecord) -> String?) -> PostgresValue {
            .texts(rows.map { value($0.record) })
        }
        return [
            .bool(isAuthoritative), .bool(keepsVectors), .text(source.rawValue),
            .keys(rows.map(\.key), of: key), .boolArray(rows.map(\.wasGone)), texts(\.reference), texts(\.upstreamID),
            texts(\.title), texts(\.description), .boolArray(rows.map(\.record.isFinal)), texts(\.url),
            texts { $0.downloads.map(String.init) }, texts { $0.views.map(String.init) },
            texts { $0.likes.map(String.init) }, texts { $0.usability?.description }, texts(\.license),
            texts { $0.tags?.joined(separator: Self.separator) }, texts { $0.byteCount.map(String.init) },
            texts { $0.created.map(Self.text) }, texts { $0.updated.map(Self.text) },
            .boolArray(rows.map(\.record.isActive)),
        ]
    }

    /// A time in the form of RFC 3339, to the millisecond.
    static func text(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension PostgresValue {
    /// A `text[]` in which `nil` is NULL.
    static func texts(_ values: [String?]) -> PostgresValue {
        array(
            of: PostgresTypeOID.text, arrayOID: PostgresTypeOID.textArray,
            elements: values.map { $0.map { Array($0.utf8) } })
    }

    /// An array of the type of the keys, in which `nil` is NULL.
    static func keys(_ keys: [RowKey?], of column: ResolvedTable.Column) -> PostgresValue {
        array(of: column.typeOID, arrayOID: column.arrayOID, elements: keys.map { $0?.bytes })
    }

    /// A key, or NULL.
    static func key(_ key: RowKey?, of column: ResolvedTable.Column) -> PostgresValue {
        PostgresValue(typeOID: column.typeOID, bytes: key?.bytes)
    }
}
