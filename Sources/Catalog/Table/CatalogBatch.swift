import DatasetTable
import Postgres

/// The statements of one batch of records, within a transaction.
struct CatalogBatch {
    /// A row that a record is about.
    struct Found: Sendable {
        let key: RowKey
        /// Whether the source's identifier has led to it, rather than the reference.
        let isIdentified: Bool
        /// A second row that has the reference.
        let other: RowKey?
        /// Whether that one is the same dataset, rather than one that was called so before.
        let isTwin: Bool
        let changes, changesText, isUnmodified, isNewer, wasGone, wasActive, needsNote: Bool

        /// Whether a record leaves what is noted about the row being out of service: an old dump does not bring it back, and
        /// what somebody else took out of service is not the source's to give back.
        func keepsCode(_ record: CatalogRecord) -> Bool {
            record.isActive ? wasGone && !isNewer : !wasActive && !wasGone
        }
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

    /// The rows that records are about, by the records' positions.
    ///
    /// Two rows that are one dataset are made one first, and a row whose reference is another dataset's now gives it up. Of
    /// several records about one row the one with its identifier counts; the others are told apart in a later batch.
    func find(_ records: [CatalogRecord]) async throws -> (rows: [Int: Found], later: Set<Int>) {
        var found = try await lookUp(records)
        let others = found.values.filter { $0.other != nil }
        if !others.isEmpty {
            for row in others { try await separate(row) }
            found = try await lookUp(records)
        }
        var positions: [RowKey: Int] = [:]
        var later: Set<Int> = []
        for (position, row) in found.sorted(by: { $0.key < $1.key }) {
            guard let earlier = positions[row.key] else {
                positions[row.key] = position
                continue
            }
            let isBetter = row.isIdentified && found[earlier]?.isIdentified == false
            later.insert(isBetter ? earlier : position)
            if isBetter { positions[row.key] = position }
        }
        return (found.filter { !later.contains($0.key) }, later)
    }

    private func lookUp(_ records: [CatalogRecord]) async throws -> [Int: Found] {
        var found: [Int: Found] = [:]
        for row in try await catalog.execute(.catalogFind, parameters(records.map { CatalogInput.Row(record: $0) })) {
            found[Int(try row.int64("n")) - 1] = Found(
                key: try row.key("id"), isIdentified: try row.bool("is_identified"),
                other: try row.isNull("other") ? nil : try row.key("other"), isTwin: try row.bool("is_twin"),
                changes: try row.bool("changes"), changesText: try row.bool("changes_text"),
                isUnmodified: try row.bool("is_unmodified"), isNewer: try row.bool("is_newer"),
                wasGone: try row.bool("was_gone"), wasActive: try !row.isNull("was_active") && row.bool("was_active"),
                needsNote: try row.bool("needs_note"))
        }
        return found
    }

    private func separate(_ row: Found) async throws {
        guard let other = row.other else { return }
        let column = catalog.table.key
        guard row.isTwin else {
            try await catalog.execute(.catalogGiveUp, [.key(other, of: column)])
            return
        }
        for row in try await catalog.execute(.catalogTwin, [.key(row.key, of: column), .key(other, of: column)]) {
            try await catalog.execute(
                .catalogTwinNote, [.key(try row.key("id"), of: column), .text(source.rawValue)])
        }
    }

    // MARK: - Writing

    /// Writes what is new and returns the records whose rows somebody else has made meanwhile, or that are to come later.
    func write(
        _ records: [CatalogRecord], _ found: [Int: Found], later: Set<Int>, _ counts: inout CatalogCounts
    ) async throws -> [CatalogRecord] {
        var changed: [CatalogInput.Row] = []
        var noted: [Noted] = []
        var new: [CatalogRecord] = []
        for (position, record) in records.enumerated() where !later.contains(position) {
            guard let row = found[position] else {
                new.append(record)
                continue
            }
            if row.changes { changed.append(CatalogInput.Row(record: record, key: row.key, wasGone: row.wasGone)) }
            if row.changes || row.needsNote {
                noted.append(Noted(record: record, key: row.key, keepsCode: row.keepsCode(record)))
            }
        }
        let identifiers = (new + noted.map(\.record)).compactMap(\.upstreamID)
        if !identifiers.isEmpty {
            try await catalog.execute(.catalogRelease, [.text(source.rawValue), .textArray(identifiers)])
        }
        if !changed.isEmpty { try await catalog.execute(.catalogUpdate, parameters(changed)) }
        let inserted = try await insert(new)
        for keepsCode in [false, true] {
            try await note((noted + inserted).filter { $0.keepsCode == keepsCode }, keepsCode: keepsCode)
        }

        counts.updated += changed.count
        counts.unchanged += found.count - changed.count
        counts.textChanged += found.values.count(where: \.changesText)
        counts.deactivated += found.count { !records[$0.key].isActive && $0.value.wasActive }
        counts.inserted += inserted.count
        let placed = Set(inserted.map { Array($0.record.reference.utf8) })
        return new.filter { !placed.contains(Array($0.reference.utf8)) } + later.sorted().map { records[$0] }
    }

    /// A row that something is noted about.
    private struct Noted {
        let record: CatalogRecord
        let key: RowKey
        var keepsCode = false
    }

    private func insert(_ records: [CatalogRecord]) async throws -> [Noted] {
        guard !records.isEmpty else { return [] }
        // By bytes: equal texts of other bytes are other references.
        let byReference = Dictionary(records.map { (Array($0.reference.utf8), $0) }) { $1 }
        var inserted: [Noted] = []
        for row in try await catalog.execute(.catalogInsert, parameters(records.map { CatalogInput.Row(record: $0) })) {
            guard let record = byReference[Array(try row.text("ref").utf8)] else { continue }
            inserted.append(Noted(record: record, key: try row.key("id")))
        }
        return inserted
    }

    private func note(_ rows: [Noted], keepsCode: Bool) async throws {
        guard !rows.isEmpty else { return }
        try await catalog.execute(
            .catalogNote,
            [
                .text(source.rawValue), .keys(rows.map(\.key), of: catalog.table.key),
                .texts(rows.map(\.record.upstreamID)), .boolArray(rows.map(\.record.isComplete)),
                .texts(rows.map { $0.record.isActive ? nil : "gone" }), .bool(keepsCode),
            ])
    }
}

extension CatalogRecord {
    /// Whether the row needs nothing more from its source to be embedded.
    var isComplete: Bool { isFinal || description?.isEmpty == false }
}
