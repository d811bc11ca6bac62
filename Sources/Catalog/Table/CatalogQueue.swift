import DatasetTable
import Postgres

/// Rows whose text their source is still to be asked for.
public struct CatalogQueue: Sendable {
    /// A row is given up, and from then on asked for monthly, after so many failures.
    static let mostAttempts = 8

    /// A row that is asked for now.
    public struct Item: Sendable {
        let key: RowKey
        /// What the source calls it.
        public let reference: String
    }

    /// What became of a row that could not be fetched.
    public enum Failure: Sendable, Equatable {
        /// It is tried again.
        case postponed
        /// It is tried again monthly.
        case givenUp
        /// Its source does not show it any more, and has not for a day.
        case gone
    }

    private let catalog: CatalogTable
    private let source: DatasetSource

    /// The queue of one source.
    public init(_ catalog: CatalogTable, of source: DatasetSource) {
        self.catalog = catalog
        self.source = source
    }

    /// Takes rows that are due, the most downloaded first; nobody else gets them for a quarter of an hour.
    public func claim(_ limit: Int) async throws -> [Item] {
        try await catalog.session.transaction(.begin) {
            try await catalog.execute(.fetchComplete, [.text(source.rawValue)])
            let rows = try await catalog.execute(.fetchClaim, [.text(source.rawValue), .int4(Int32(clamping: limit))])
            return try rows.map { row throws(PostgresError) in
                Item(key: try row.key("id"), reference: try row.text("ref"))
            }
        }
    }

    /// Gives rows back that were not asked for.
    public func giveBack(_ items: some Sequence<Item> & Sendable) async throws {
        let keys = items.map(\.key)
        guard !keys.isEmpty else { return }
        _ = try await catalog.session.transaction(.begin) {
            try await catalog.execute(.fetchUnclaim, [.keys(keys, of: catalog.table.key)])
        }
    }

    /// The reference of a dataset that the source has shown lately, to see whether it shows anything; `nil` if there is none.
    public func knownReference() async throws -> String? {
        let rows = try await catalog.session.readOnly {
            try await catalog.execute(.fetchKnown, [.text(source.rawValue)])
        }
        return try rows.first?.text("ref")
    }

    /// Notes that a row is the dataset with this identifier, so that a record of it is about this row whatever it is called.
    ///
    /// - Returns: Whether it is; false if another row is, or this one has another identifier.
    public func identify(_ item: Item, as upstreamID: String) async throws -> Bool {
        try await catalog.session.transaction(.begin) {
            let rows = try await catalog.execute(
                .fetchIdentify,
                [.key(item.key, of: catalog.table.key), .text(source.rawValue), .text(upstreamID)])
            return rows.first != nil
        }
    }

    /// Notes that a row could not be fetched.
    ///
    /// - Parameters:
    ///   - item: The row.
    ///   - code: Why, in a word.
    ///   - isMissing: Whether the source says that there is no such dataset.
    public func fail(_ item: Item, code: String, isMissing: Bool) async throws -> Failure {
        let column = catalog.table.key
        let failure = try await catalog.session.transaction(.begin) { () -> Failure in
            let noted = try await catalog.execute(
                .fetchFailed, [.key(item.key, of: column), .text(code), .bool(isMissing)]
            ).first
            guard let noted else { return .postponed }
            if try !noted.isNull("is_gone") && noted.bool("is_gone") { return .gone }
            guard try noted.int32("attempts") >= Self.mostAttempts else { return .postponed }
            try await catalog.execute(.fetchGiveUp, [.key(item.key, of: column)])
            return .givenUp
        }
        if failure == .gone { _ = try await catalog.deactivate([item.key], of: source) }
        return failure
    }
}

extension CatalogTable {
    /// Which datasets of a listing are to be asked for, by their positions: those that are new, have changed, or still lack
    /// their text.
    ///
    /// - Returns: Their rows, `nil` for those that have none yet.
    public func outdated(_ records: [CatalogRecord]) async throws -> [Int: CatalogQueue.Item?] {
        guard let source = records.first?.source else { return [:] }
        var outdated: [Int: CatalogQueue.Item?] = [:]
        let rows = try await session.readOnly {
            try await execute(
                .catalogOutdated,
                [
                    .text(source.rawValue), .texts(records.map(\.reference)), .texts(records.map(\.upstreamID)),
                    .texts(records.map { $0.updated.map(CatalogInput.text) }),
                ])
        }
        for row in rows {
            let position = Int(try row.int64("n")) - 1
            let key = try row.isNull("id") ? nil : try row.key("id")
            outdated[position] = .some(key.map { CatalogQueue.Item(key: $0, reference: records[position].reference) })
        }
        return outdated
    }
}
