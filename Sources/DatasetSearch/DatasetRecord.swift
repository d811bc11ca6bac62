import DatasetTable
import Postgres

/// What a catalog shows of a row; everything but the key is `nil` where the table has no such column.
public struct DatasetRecord: Sendable, Equatable {
    /// The key as text.
    public let id: String
    /// Whether the key is a number, as which JSON can hold it.
    public let isNumbered: Bool
    /// Its title.
    public let title: String?
    /// Its description, or the beginning of it.
    public let description: String?
    /// Where it comes from.
    public let source: String?
    /// What it is called there: `source_ref`, or `external_id`.
    public let reference: String?
    /// Where it can be looked at: `source_url`, or `url`.
    public let url: String?
    /// When it was first seen and last changed, in the form of RFC 3339.
    public let created, updated: String?
    /// Its state.
    public let status: String?
    /// Whether it counts.
    public let isActive: Bool?
    /// Whether searches can find it.
    public let isReady: Bool

    init(_ row: PostgresRow, keyType: UInt32) throws(PostgresError) {
        func text(_ column: PostgresColumnSelector) throws(PostgresError) -> String? {
            try row.isNull(column) ? nil : try row.printable(column)
        }
        id = try row.printable("label")
        isNumbered = SearchHit.wholeNumbers.contains(keyType)
        title = try text("title")
        description = try text("description")
        source = try text("source")
        reference = try text("reference")
        url = try text("url")
        created = try text("created")
        updated = try text("updated")
        status = try text("status")
        isActive = try row.isNull("is_active") ? nil : try row.bool("is_active")
        isReady = try row.bool("is_ready")
    }
}

extension DatasetSearch {
    /// Throws a `RunFailure` or an error of the server if a question could not be answered now.
    public mutating func check() async throws {
        _ = try await whileSame { search in try await search.requireModel() }
    }

    /// What a catalog shows of rows, by their keys; those that are not there are left out.
    ///
    /// - Parameters:
    ///   - keys: Keys as text; what is no key of this table is the key of no row.
    ///   - descriptionLimit: The most characters of a description, `nil` for all.
    public mutating func records(_ keys: [String], descriptionLimit: Int?) async throws -> [String: DatasetRecord] {
        guard !keys.isEmpty else { return [:] }
        return try await whileSame { search in
            let statement = try await search.subject.records(search.session)
            let limit = descriptionLimit.map { PostgresValue.int4(Int32(clamping: $0)) }
            do throws(PostgresError) {
                var records: [String: DatasetRecord] = [:]
                for row in try await search.session.execute(
                    statement, [.textArray(keys), limit ?? .null(PostgresTypeOID.int4)])
                {
                    let record = try DatasetRecord(row, keyType: search.subject.table.key.typeOID)
                    records[record.id] = record
                }
                return records
            } catch {
                // Data exceptions: the text is no number, no UUID, or too large a one.
                guard error.sqlState?.classCode == "22" else { throw error }
                return [:]
            }
        }
    }
}

extension SearchTable {
    /// The statement for the columns that there are.
    fileprivate func records(_ session: PostgresSession) async throws(PostgresError) -> PostgresStatement {
        let names = table.names
        let wanted = [
            names.title, names.description, names.status, names.active, "source_ref", "external_id", "source_url",
            "url",
            "created_at", "updated_at",
        ]
        let found = try await ResolvedTable.Column.lookUp(wanted, of: table.oid, session)
        func value(_ candidates: [String], _ form: (ResolvedTable.Column) -> String?, otherwise type: String) -> String
        {
            candidates.lazy.compactMap { found[$0] }.filter(\.maySelect).compactMap(form).first
                ?? "NULL::pg_catalog.\(type)"
        }
        func text(_ candidates: String...) -> String {
            value(candidates, { "d.\($0.quoted)::pg_catalog.text" }, otherwise: "text")
        }
        func time(_ candidate: String) -> String {
            value(
                [candidate],
                { column in
                    guard ["date", "timestamp", "timestamptz"].contains(column.typeName) else { return nil }
                    return
                        "pg_catalog.to_char(pg_catalog.timezone('UTC', d.\(column.quoted)::pg_catalog.timestamptz), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
                }, otherwise: "text")
        }
        return statement(
            .datasetRecords,
            [
                "{RECORD_TITLE}": text(names.title), "{RECORD_DESCRIPTION}": text(names.description),
                "{RECORD_REFERENCE}": text("source_ref", "external_id"), "{RECORD_URL}": text("source_url", "url"),
                "{RECORD_CREATED}": time("created_at"), "{RECORD_UPDATED}": time("updated_at"),
                "{RECORD_STATUS}": text(names.status),
                "{RECORD_ACTIVE}": value([names.active], { "d.\($0.quoted)" }, otherwise: "bool"),
            ])
    }
}
