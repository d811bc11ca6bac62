public import FoundationEssentials
import DatasetTable
import Postgres

/// What a complete listing has shown: which datasets, in eight bytes each, and since when.
///
/// Two references may have the same number; then a row that is absent is taken for seen, and the next listing tells.
public struct SeenReferences: Sendable {
    /// When the listing began.
    public let start: Date
    private var numbers: Set<UInt64> = []

    /// A listing that begins.
    public init(start: Date) {
        self.start = start
    }

    /// Notes a dataset.
    public mutating func insert(_ reference: String) {
        numbers.insert(Self.number(reference))
    }

    func contains(_ reference: String) -> Bool {
        numbers.contains(Self.number(reference))
    }

    private static func number(_ reference: String) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(reference)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

extension CatalogTable {
    /// Rows of one reading.
    private static let page: Int32 = 5000

    /// Takes rows out of service that a listing did not show, unless these are more than one in twenty.
    ///
    /// - Returns: How many.
    func deactivateAbsent(from source: DatasetSource, seen: SeenReferences) async throws -> Int {
        var (count, last) = (0, RowKey?.none)
        var absent: [RowKey] = []
        repeat {
            let page = try await session.readOnly {
                try await execute(
                    .catalogListed,
                    [
                        .text(source.rawValue), .key(last, of: table.key), .text(CatalogInput.text(seen.start)),
                        .int4(Self.page),
                    ])
            }
            last = nil
            for row in page {
                let key = try row.key("id")
                (count, last) = (count + 1, key)
                if try !row.bool("is_seen") && !seen.contains(row.text("ref")) { absent.append(key) }
            }
        } while last != nil
        guard 20 * absent.count <= count else {
            throw RunFailure(
                .tooManyChanges,
                "a listing of \(source.rawValue) that seems complete lacks \(absent.count) of \(count) rows in service, more than one in twenty; none was taken out of service"
            )
        }
        var deactivated = 0
        for start in stride(from: 0, to: absent.count, by: CatalogWriter.mostRows) {
            let keys = Array(absent[start..<min(start + CatalogWriter.mostRows, absent.count)])
            deactivated += try await deactivate(keys, of: source)
        }
        return deactivated
    }

    /// Takes rows out of service and notes why.
    func deactivate(_ keys: [RowKey], of source: DatasetSource) async throws -> Int {
        try await session.transaction(.begin) {
            let rows = try await execute(.catalogDeactivate, [.keys(keys, of: table.key)])
            let gone = try rows.map { row throws(PostgresError) in try row.key("id") }
            try await execute(.fetchGone, [.text(source.rawValue), .keys(gone, of: table.key)])
            return gone.count
        }
    }
}
