import DatasetTable

/// The columns that a source tells the values of, with the forms that statements need them in.
struct CatalogColumns: Sendable {
    /// A column, and the name of its value in `catalog-input.sql`.
    private struct Told: Sendable {
        let input: String
        let column: ResolvedTable.Column
        let kind: Kind
    }

    private enum Kind: Sendable {
        case text, number, count, list, time
    }

    private let told: [Told]
    /// The columns of when a row was made and changed.
    private let created, updated: ResolvedTable.Column

    private static func wanted(_ names: DatasetNames) -> [(input: String, name: String, kind: Kind)] {
        [
            ("title", names.title, .text), ("description", names.description, .text), ("url", "source_url", .text),
            ("downloads", "download_count", .count), ("views", "view_count", .count), ("likes", "like_count", .count),
            ("usability", "usability", .number), ("license", "license", .text), ("tags", names.tags, .list),
            ("size", "size_bytes", .number), ("created", "source_created_at", .time),
            ("updated", "source_updated_at", .time),
        ]
    }

    /// The names of all columns of a catalog besides those that the job needs.
    static func names(_ names: DatasetNames) -> [String] {
        wanted(names).map(\.name) + [names.source, names.sourceRef, names.created, "updated_at"]
    }

    /// Takes the columns as the catalog of the database has them, or throws a `RunFailure` about those that it lacks.
    init(_ names: DatasetNames, _ columns: [String: ResolvedTable.Column], of table: String) throws(RunFailure) {
        let missing = Self.names(names).filter { columns[$0] == nil }
        guard missing.isEmpty, let created = columns[names.created], let updated = columns["updated_at"] else {
            throw RunFailure(
                .configuration,
                "\(table) has no column \(missing.joined(separator: ", ")); embedding-job schema --catalog --apply adds what is missing"
            )
        }
        guard names.title != names.description else {
            throw RunFailure(
                .configuration,
                "title and description are both read from \(table).\(names.title); catalog-fetch needs a column for each"
            )
        }
        told = Self.wanted(names).compactMap { wanted in
            columns[wanted.name].map { Told(input: wanted.input, column: $0, kind: wanted.kind) }
        }
        for told in told where told.kind == .time && told.column.typeName != "timestamptz" {
            throw RunFailure(
                .configuration,
                "\(table).\(told.column.name) is \(told.column.type), not timestamp with time zone; change its type")
        }
        (self.created, self.updated) = (created, updated)
    }

    /// The parts of statements that depend on these columns, whose own placeholders are still to be filled in.
    var parts: [String: String] {
        let counts = told.filter { $0.kind == .count }
        let others = told.filter { $0.kind != .count }.map(\.column.quoted)
        let compared = others + ["{SOURCE_REF}", "{STATUS}", "{ACTIVE}"]
        let types =
            told.filter { $0.kind != .count }.map(\.column.quotedType) + [
                "{REF_TYPE}", "{STATUS_TYPE}", "pg_catalog.bool",
            ]
        return [
            "{TOLD}": told.map(value).joined(separator: ",\n        "),
            "{INSERTED}": told.map { converted($0, ifTold: true) }.joined(separator: ", "),
            "{COLUMNS_TOLD}": told.map(\.column.quoted).joined(separator: ", "),
            "{PRESENT_VALUES}": zip(compared, types).map { "t.\($0)::\($1)" }.joined(separator: ", "),
            "{NEW_VALUES}": zip(compared, types).map { "v.\($0)::\($1)" }.joined(separator: ", "),
            "{JUMPS}": counts.map { SQLFile.fill(SQLFile.catalogJump.text, ["{PRESENT}": $0.column.quoted]) }
                .joined(separator: "\n        OR "),
            "{NOW}": Self.now(updated), "{CREATED_NOW}": Self.now(created),
        ]
    }

    /// What a column becomes.
    private func value(_ told: Told) -> String {
        SQLFile.fill(
            told.kind == .count ? SQLFile.catalogCount.text : SQLFile.catalogTold.text,
            [
                "{INPUT_NAME}": told.input, "{PRESENT}": told.column.quoted, "{TYPE}": told.column.quotedType,
                "{CONVERTED}": converted(told, ifTold: false),
            ])
    }

    /// The value that a source tells, as one of the column's type; what it tells to be empty is NULL.
    private func converted(_ told: Told, ifTold: Bool) -> String {
        let type = told.column.quotedType
        let text = "x.\(told.input)"
        let value =
            switch told.kind {
            case .text: "\(text)::\(type)"
            case .number, .count: "\(text)::pg_catalog.numeric::\(type)"
            case .time: "\(text)::pg_catalog.timestamptz"
            case .list: Self.list(text, as: told.column)
            }
        return ifTold ? "CASE WHEN \(text) OPERATOR(pg_catalog.<>) '' THEN \(value) END" : value
    }

    /// Tags, which come in one text with ``CatalogInput/separator`` between them, as an array, as JSON or as a text.
    private static func list(_ text: String, as column: ResolvedTable.Column) -> String {
        let array = "pg_catalog.string_to_array(\(text), E'\\x1f')"
        if column.typeName.hasPrefix("_") { return "\(array)::\(column.quotedType)" }
        if ["json", "jsonb"].contains(column.typeName) { return "pg_catalog.to_jsonb(\(array))::\(column.quotedType)" }
        return "pg_catalog.array_to_string(\(array), ', ')::\(column.quotedType)"
    }

    /// The time of the transaction; without a time zone it is that of UTC.
    private static func now(_ column: ResolvedTable.Column) -> String {
        ["timestamp", "date"].contains(column.typeName)
            ? "pg_catalog.timezone('UTC', pg_catalog.now())" : "pg_catalog.now()"
    }
}
