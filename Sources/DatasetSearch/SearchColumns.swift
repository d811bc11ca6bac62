import DatasetTable
import Postgres

/// The columns besides those of a run that a search looks at, as the user names them.
public struct SearchColumns: Sendable, Equatable {
    /// A column of counts that says how well-liked a row is.
    public struct Metric: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// What it counts among the metrics of a row that are known.
        public let weight: Double

        /// Names a metric.
        public init(_ name: String, weight: Double) {
            self.name = name
            self.weight = weight
        }
    }

    /// The metrics; `nil` for the usual ones that exist.
    public var metrics: [Metric]?
    /// The column that says how old a row is; `nil` for the first of the usual ones that exists.
    public var date: String?

    /// The usual columns.
    public init() {}

    static let usualMetrics = [
        Metric("download_count", weight: 0.5), Metric("like_count", weight: 0.3), Metric("view_count", weight: 0.2),
    ]
    static let usualDates = ["source_updated_at", "updated_at", "created_at"]
}

/// The same columns as the catalog has them.
struct ResolvedSearchColumns: Sendable {
    let source: ResolvedTable.Column?
    let date: ResolvedTable.Column?
    let metrics: [(column: ResolvedTable.Column, weight: Double)]

    private static let numberTypes: Set = ["int2", "int4", "int8", "float4", "float8", "numeric"]
    private static let dateTypes: Set = ["date", "timestamp", "timestamptz"]

    /// Finds the columns, or throws a `RunFailure` about all that are named and cannot be used.
    init(_ columns: SearchColumns, of table: ResolvedTable, _ session: PostgresSession) async throws {
        let wanted =
            (columns.metrics ?? SearchColumns.usualMetrics).map(\.name)
            + (columns.date.map { [$0] } ?? SearchColumns.usualDates) + [table.names.source]
        let found = try await ResolvedTable.Column.lookUp(wanted, of: table.oid, session)
        var problems: [String] = []

        func usable(_ name: String, _ types: Set<String>?, _ noun: String, option: String?) -> ResolvedTable.Column? {
            guard let column = found[name] else {
                if let option { problems.append("\(table.quoted) has no column \(name); name another with \(option)") }
                return nil
            }
            if let types, !types.contains(column.typeName) {
                if let option {
                    problems.append(
                        "\(table.quoted).\(name) is \(column.type), not \(noun); name another with \(option)")
                }
                return nil
            }
            // Scores without it would not be those of everybody else.
            guard column.maySelect else {
                problems.append(
                    "this role may not read \(table.quoted).\(name); GRANT SELECT (\(column.quoted)) ON \(table.quoted)"
                )
                return nil
            }
            return column
        }
        source = usable(table.names.source, nil, "", option: nil)
        let dates = columns.date.map { [$0] } ?? SearchColumns.usualDates
        date =
            dates.lazy.compactMap {
                usable($0, Self.dateTypes, "a date or a timestamp", option: columns.date == nil ? nil : "--date-column")
            }.first
        metrics = (columns.metrics ?? SearchColumns.usualMetrics).compactMap { metric in
            usable(metric.name, Self.numberTypes, "a number", option: columns.metrics == nil ? nil : "--metric")
                .map { ($0, metric.weight) }
        }
        guard problems.isEmpty else { throw RunFailure(.configuration, problems.joined(separator: "; ")) }
    }

    // MARK: - Parts of statements

    /// Where a row `d` comes from.
    var sourceValue: String { source.map { "d.\($0.quoted)::pg_catalog.text" } ?? "NULL::pg_catalog.text" }

    /// The date of a row `d`; a day may be later than any point in time, and both are the future.
    var dateValue: String {
        guard let date else { return "NULL::pg_catalog.timestamptz" }
        guard date.typeName == "date" else { return "d.\(date.quoted)::pg_catalog.timestamptz" }
        return "least(d.\(date.quoted)::pg_catalog.date, '294275-01-01'::pg_catalog.date)::pg_catalog.timestamptz"
    }

    /// The value of the metric of this number of a row `d`; one that is too large for a number of the processor was not told.
    func metricValue(_ index: Int) -> String {
        let column = metrics[index].column
        guard column.typeName == "numeric" else { return "d.\(column.quoted)::pg_catalog.float8" }
        return
            "CASE WHEN pg_catalog.abs(d.\(column.quoted)) OPERATOR(pg_catalog.<) 1e300::pg_catalog.numeric "
            + "THEN d.\(column.quoted)::pg_catalog.float8 END"
    }

    /// Leaves out rows of other sources and older ones; without such a column nothing passes a filter by it.
    var filter: String {
        "\n            AND ($4::pg_catalog.text[] IS NULL OR \(sourceValue) OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.text[]))"
            + "\n            AND ($5::pg_catalog.timestamptz IS NULL OR \(dateValue) OPERATOR(pg_catalog.>=) $5::pg_catalog.timestamptz)"
    }

    /// The metrics of a row `d` as further columns of a query.
    var metricColumns: String {
        metrics.indices.map { ",\n            \(metricValue($0)) AS metric_\($0)" }
            .joined()
    }

    /// The metrics as rows of name, weight and value.
    ///
    /// - Parameter value: What stands for the value of the metric of this number.
    func metricRows(_ value: (Int) -> String) -> String {
        guard !metrics.isEmpty else {
            return "SELECT NULL::pg_catalog.text, NULL::pg_catalog.float8, NULL::pg_catalog.float8 WHERE false"
        }
        let rows = metrics.indices.map { index in
            let name = metrics[index].column.name.replacing("'", with: "''")
            return "('\(name)'::pg_catalog.text, \(metrics[index].weight)::pg_catalog.float8, \(value(index)))"
        }
        return "VALUES " + rows.joined(separator: ", ")
    }
}
