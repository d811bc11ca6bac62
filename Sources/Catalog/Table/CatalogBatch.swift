import DatasetTable
import Postgres

/// The statements of one batch of records, within a transaction.
struct CatalogBatch {
    /// A row that a record is about.
    struct Found: Sendable {
        let key: RowKey
        /// A second row that has the reference.
        let other: RowKey?
        let changes, changesText, isUnmodified, wasGone, needsNote: Bool
    }

    private let catalog: CatalogTable
    private let source: DatasetSource
    private let isAuthoritative, keepsVectors: Bool

    init(_ catalog: CatalogTable, _ source: DatasetSource, isAuthoritative: Bool, keepsVectors: Bool) {
        self.catalog = catalog
        self.source = source
        self.isAuthoritative = isAuthoritative
        self.keepsVectors = keepsVectors
    }

    private func parameters(_ rows: [CatalogInput.Row]) -> [PostgresValue] {
        CatalogInput(rows: rows).parameters(
            source, isAuthoritative: isAuthoritative, keepsVectors: keepsVectors, key: catalog.table.key)
    }

    // MARK: - Finding

    /// The rows that records are about, by the records' positions; two rows that are one dataset are made one first.
    func find(_ records: [CatalogRecord]) async throws -> [Int: Found] {
        let found = try await lookUp(records)
        let twins = found.values.compactMap { row in row.other.map { (row.key, $0) } }
        guard !twins.isEmpty else { return found }
        for (key, other) in twins { try await separate(key, other) }
        return try await lookUp(records)
    }

    private func lookUp(_ records: [CatalogRecord]) async throws -> [Int: Found] {
        var found: [Int: Found] = [:]
        for row in try await catalog.execute(.catalogFind, parameters(records.map { CatalogInput.Row(record: $0) })) {
            found[Int(try row.int64("n")) - 1] = Found(
                key: try row.key("id"), other: try row.isNull("other") ? nil : try row.key("other"),
                changes: try row.bool("changes"), changesText: try row.bool("changes_text"),
                isUnmodified: try row.bool("is_unmodified"), wasGone: try row.bool("was_gone"),
                needsNote: try row.bool("needs_note"))
        }
        return found
    }

    private func separate(_ key: RowKey, _ other: RowKey) async throws {
        let column = catalog.table.key
        for row in try await catalog.execute(.catalogTwin, [.key(key, of: column), .key(other, of: column)]) {
            try await catalog.execute(
                .catalogTwinNote, [.key(try row.key("id"), of: column), .text(source.rawValue)])
        }
    }

    // MARK: - Writing

    /// Writes what is new and returns the records whose rows somebody else has made meanwhile.
    func write(
        _ records: [CatalogRecord], _ found: [Int: Found], _ counts: inout CatalogCounts
    ) async throws -> [CatalogRecord] {
        var changed: [CatalogInput.Row] = []
        var noted: [(record: CatalogRecord, key: RowKey)] = []
        var new: [CatalogRecord] = []
        for (position, record) in records.enumerated() {
            guard let row = found[position] else {
                new.append(record)
                continue
            }
            if row.changes { changed.append(CatalogInput.Row(record: record, key: row.key, wasGone: row.wasGone)) }
            if row.changes || row.needsNote { noted.append((record, row.key)) }
        }
        if !changed.isEmpty { try await catalog.execute(.catalogUpdate, parameters(changed)) }
        let inserted = try await insert(new)
        try await note(noted + inserted)

        counts.updated += changed.count
        counts.unchanged += found.count - changed.count
        counts.textChanged += found.values.count(where: \.changesText)
        counts.deactivated += changed.count { !$0.record.isActive }
        counts.inserted += inserted.count
        let placed = Set(inserted.map(\.record.reference))
        return new.filter { !placed.contains($0.reference) }
    }

    private func insert(_ records: [CatalogRecord]) async throws -> [(record: CatalogRecord, key: RowKey)] {
        guard !records.isEmpty else { return [] }
        let identifiers = records.compactMap(\.upstreamID)
        try await catalog.execute(.catalogRelease, [.text(source.rawValue), .textArray(identifiers)])
        let byReference = Dictionary(records.map { ($0.reference, $0) }) { $1 }
        var inserted: [(record: CatalogRecord, key: RowKey)] = []
        for row in try await catalog.execute(.catalogInsert, parameters(records.map { CatalogInput.Row(record: $0) })) {
            guard let record = byReference[try row.text("ref")] else { continue }
            inserted.append((record, try row.key("id")))
        }
        return inserted
    }

    private func note(_ rows: [(record: CatalogRecord, key: RowKey)]) async throws {
        guard !rows.isEmpty else { return }
        try await catalog.execute(
            .catalogNote,
            [
                .text(source.rawValue), .keys(rows.map(\.key), of: catalog.table.key),
                .texts(rows.map(\.record.upstreamID)), .boolArray(rows.map(\.record.isComplete)),
                .boolArray(rows.map(\.record.isActive)),
            ])
    }
}

extension CatalogRecord {
    /// Whether the row needs nothing more from its source to be embedded.
    var isComplete: Bool { isFinal || description?.isEmpty == false }
}
