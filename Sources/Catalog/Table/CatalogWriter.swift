import DatasetTable
public import Logging
import Postgres

/// Brings the table up to what sources say, batch by batch, each in one transaction.
///
/// Whatever is written twice is written once: a record that changes nothing leaves its row alone. A batch that the server refuses is
/// halved until the record that it fails at stands alone and is counted.
public struct CatalogWriter: Sendable {
    /// How much a source may change.
    public struct Options: Sendable {
        /// Whether vectors stay when their text changes, for `embedding-job run --stale`.
        public var keepsVectors = false
        /// Whether any number of texts may change.
        public var acceptsChanges = false

        /// Vectors go with their text, and few of them.
        public init() {}
    }

    /// Most records of a statement.
    public static let mostRows = 500
    /// A batch that waits for somebody's lock is tried so often before it is halved.
    private static let mostTries = 3

    /// What has been done so far.
    public private(set) var counts = CatalogCounts()
    /// Whether a record could not be stored because somebody else had its row locked: it has to be told again.
    public private(set) var metLocks = false

    private let catalog: CatalogTable
    private let options: Options
    private var guardRail: TextChangeGuard
    private let log: Logger

    /// Writes into a table.
    public init(_ catalog: CatalogTable, _ options: Options = Options(), log: Logger) {
        self.catalog = catalog
        self.options = options
        self.log = log
        guardRail = TextChangeGuard(isOff: options.acceptsChanges)
    }

    /// Writes records; of several about one dataset the last one counts.
    ///
    /// - Parameters:
    ///   - records: At most ``mostRows`` of them, or they are written in several transactions.
    ///   - isAuthoritative: Whether they count more than what is stored, however new that is.
    public mutating func write(
        _ records: [CatalogRecord], isAuthoritative: Bool = true
    ) async throws {
        for source in DatasetSource.allCases {
            let ofSource = Self.latest(records.filter { $0.source == source })
            for start in stride(from: 0, to: ofSource.count, by: Self.mostRows) {
                let batch = ofSource[start..<min(start + Self.mostRows, ofSource.count)]
                try await write(batch, of: source, isAuthoritative, tries: 0)
            }
        }
    }

    /// The records without those that a later one is about the same dataset as, in the order of their references.
    ///
    /// Bytes are compared: equal texts of other bytes are other references.
    private static func latest(_ records: [CatalogRecord]) -> [CatalogRecord] {
        let named = Dictionary(records.map { (Array($0.reference.utf8), $0) }) { $1 }.values
        let identified = Dictionary(
            records.compactMap { record in record.upstreamID.map { ($0, record.reference) } }
        ) { $1 }
        let latest = named.filter { record in
            guard let upstreamID = record.upstreamID, let reference = identified[upstreamID] else { return true }
            return reference.utf8.elementsEqual(record.reference.utf8)
        }
        return latest.sorted { $0.reference.utf8.lexicographicallyPrecedes($1.reference.utf8) }
    }

    /// Writes a batch, or each half of it by itself.
    private mutating func write(
        _ batch: ArraySlice<CatalogRecord>, of source: DatasetSource, _ isAuthoritative: Bool,
        tries: Int
    ) async throws {
        guard !batch.isEmpty else { return }
        do {
            let left = try await writeTogether(Array(batch), of: source, isAuthoritative)
            guard !left.isEmpty else { return }
            // Somebody has made rows of these meanwhile, which are known now.
            guard tries < Self.mostTries else { return fail(left[...], "conflict") }
            try await write(left[...], of: source, isAuthoritative, tries: tries + 1)
        } catch let error as PostgresError {
            guard case .serverError(let refusal) = error, await catalog.session.isUsable else { throw error }
            switch refusal.disposition {
            case .row: break
            case .retry where refusal.isAboutLocks:
                if tries < Self.mostTries {
                    return try await write(batch, of: source, isAuthoritative, tries: tries + 1)
                }
            default: throw error
            }
            guard batch.count > 1 else {
                if refusal.isAboutLocks { metLocks = true }
                fail(batch, "\(refusal.sqlState)")
                return try checkSuccess(atEnd: false)
            }
            let middle = batch.startIndex + batch.count / 2
            try await write(batch[..<middle], of: source, isAuthoritative, tries: 0)
            try await write(batch[middle...], of: source, isAuthoritative, tries: 0)
        }
    }

    /// Throws a `RunFailure` if records were refused and none was stored: then no record is at fault.
    ///
    /// - Parameter isEnd: Whether nothing more will be written; before, that many records are waited for.
    public func checkSuccess(atEnd isEnd: Bool) throws {
        let refused = counts.failed.values.reduce(0, +)
        guard refused >= (isEnd ? 1 : 50), counts.inserted + counts.updated + counts.unchanged == 0 else { return }
        let codes = counts.failed.keys.sorted().joined(separator: ", ")
        throw RunFailure(
            .noSuccess,
            "the database refuses every record (\(codes)), \(refused) so far; look at columns of your own without a default, at triggers and at constraints of \(catalog.table.quoted)"
        )
    }

    private mutating func fail(_ records: ArraySlice<CatalogRecord>, _ code: String) {
        counts.failed[code, default: 0] += records.count
        for record in records {
            log.warning(
                "a record cannot be stored",
                metadata: [
                    "source": "\(record.source.rawValue)", "reference": "\(record.reference)", "code": "\(code)",
                ])
        }
    }

    /// Writes a batch in one transaction and returns the records whose rows somebody else has made meanwhile.
    private mutating func writeTogether(
        _ records: [CatalogRecord], of source: DatasetSource, _ isAuthoritative: Bool
    ) async throws -> [CatalogRecord] {
        var counts = counts
        var guardRail = guardRail
        let left = try await catalog.session.transaction(.begin) {
            let batch = CatalogBatch(
                catalog, source, isAuthoritative: isAuthoritative, keepsVectors: options.keepsVectors)
            let found = try await batch.find(records)
            for row in found.rows.values {
                try guardRail.note(changesText: row.changesText, isUnmodified: row.isUnmodified)
            }
            return try await batch.write(records, found.rows, later: found.later, &counts)
        }
        self.counts = counts
        self.guardRail = guardRail
        return left
    }

    /// Takes rows out of service that a complete listing did not show; throws a `RunFailure` if those are too many.
    ///
    /// - Parameters:
    ///   - source: Whose listing it was.
    ///   - seen: What it showed.
    public mutating func deactivateAbsent(from source: DatasetSource, seen: SeenReferences) async throws {
        counts.deactivated += try await catalog.deactivateAbsent(from: source, seen: seen)
    }
}

extension PostgresError.ServerError {
    /// Whether somebody else's lock was in the way: it may be gone a moment later.
    var isAboutLocks: Bool { ["40P01", "55P03", "40001", "57014"].contains("\(sqlState)") }
}
