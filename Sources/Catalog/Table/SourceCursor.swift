import DatasetTable
public import FoundationEssentials
import Postgres

/// Where a task of a source goes on after a run that did not come to its end, and how far it has ever come.
public struct SourceCursor: Sendable, Equatable {
    /// The address of the next page of a listing that is not at its end.
    public var cursor: String?
    /// Everything that was modified up to then has been seen.
    public var watermark: Date?
    /// The same after the listing at hand has come to its end.
    public var nextWatermark: Date?
    /// The file that is being read.
    public var fileName: String?
    /// How much of it has been.
    public var byteOffset: Int64?
    /// How long ago it was written; not written itself.
    public internal(set) var age = Duration.zero

    /// From the beginning.
    public init() {}
}

extension CatalogTable {
    /// Where a task goes on; from the beginning if it has never run.
    public func cursor(of source: DatasetSource, task: String) async throws -> SourceCursor {
        let rows = try await session.readOnly {
            try await execute(.cursorRead, [.text(source.rawValue), .text(task)])
        }
        var cursor = SourceCursor()
        guard let row = rows.first else { return cursor }
        func date(_ column: PostgresColumnSelector) throws -> Date? {
            try row.isNull(column) ? nil : Date(timeIntervalSince1970: try row.float8(column))
        }
        cursor.cursor = try row.isNull("cursor") ? nil : try row.text("cursor")
        cursor.watermark = try date("watermark")
        cursor.nextWatermark = try date("next_watermark")
        cursor.fileName = try row.isNull("file_name") ? nil : try row.text("file_name")
        cursor.byteOffset = try row.isNull("byte_offset") ? nil : try row.int64("byte_offset")
        cursor.age = .seconds(min(max(0, try row.float8("age")), 1e9))
        return cursor
    }

    /// Notes where a task goes on.
    public func note(_ cursor: SourceCursor, of source: DatasetSource, task: String) async throws {
        func text(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null(PostgresTypeOID.text) }
        func seconds(_ date: Date?) -> PostgresValue { text(date.map { "\($0.timeIntervalSince1970)" }) }
        _ = try await session.transaction(.begin) {
            try await execute(
                .cursorWrite,
                [
                    .text(source.rawValue), .text(task), text(cursor.cursor), seconds(cursor.watermark),
                    seconds(cursor.nextWatermark), text(cursor.fileName),
                    cursor.byteOffset.map { .int8($0) } ?? .null(PostgresTypeOID.int8),
                ])
        }
    }
}
