import DatasetTable
import Logging
import Postgres
public import SentenceEncoding

extension ModelChange {
    /// Reads how far the change has come and estimates what is left; writes nothing.
    ///
    /// Without `storage` the new column would have the type of the serving one.
    public func plan(_ encoder: any TextEncoder, storage: Storage? = nil) async throws -> ModelChangePlan {
        let change = try await inspect()
        var plan = ModelChangePlan()
        plan.column = change.isCutOver ? names.column : nextColumn
        let subject = change.isCutOver ? change.serving : change.next
        let coverage: ModelChangeCoverage
        var quarantined: Int?
        if let subject {
            (coverage, quarantined) = try await self.coverage(of: subject, in: change, model.fingerprint)
            plan.rows = max(0, coverage.missing - (quarantined ?? 0)) + coverage.outdated
        } else {
            (coverage, _) = try await self.coverage(of: change.serving, in: change, model.fingerprint)
            plan.rows = coverage.eligible
        }
        let type = subject?.typeName ?? (storage?.rawValue ?? change.serving.typeName)
        let indexes = try await indexState(change, type)
        (plan.stage, plan.next) = stage(change, waiting: plan.rows, isIndexed: indexes.areValid)
        if plan.stage == .complete || plan.stage == .cutOver { plan.rows = 0 }
        if plan.rows > 0 {
            let rate = try await measure(encoder, change)
            plan.tokens = Int((Double(plan.rows) * rate.tokensPerRow).rounded())
            plan.time = rate.tokensPerSecond > 0 ? .seconds(Double(plan.tokens) / rate.tokensPerSecond) : .zero
        }
        let vectorBytes = 8 + (type == Storage.halfvec.rawValue ? 2 : 4) * model.dimension
        let indexBytes = change.searchIndexes.reduce(0) {
            $0 + Int($1.byteCount) * vectorBytes / max(1, change.serving.vectorByteCount)
        }
        plan.bytes = coverage.eligible * vectorBytes + indexBytes
        let details: [(name: String, value: String)] = [
            ("stage", plan.stage.words), ("next step", plan.next ?? "none"),
            ("serving column", describe(change.serving) + ", " + describe(change.models)),
            ("new column", subject.map(describe) ?? "\(nextColumn) \(type)(\(model.dimension)), to be created"),
            ("old column", change.old.map(describe) ?? "none"),
            ("model", "\(model.name), \(model.fingerprint)"),
            ("search index", indexes.description),
            ("eligible rows", "\(coverage.eligible)"), ("rows to embed", "\(plan.rows)"),
            ("held back", quarantined.map(String.init) ?? "-"),
            ("tokens", "about \(plan.tokens)"),
            ("time", "about \(Int((plan.time / .seconds(1)).rounded(.up))) s in one process like this"),
            ("disk", disk(plan, change, coverage.eligible)),
            ("table's owner", change.isOwner ? "this role" : "another role; every step but plan and verify needs it"),
            ("left behind", change.dependents.isEmpty ? "nothing" : change.dependents.names),
            ("config row", change.config ?? "none"),
        ]
        plan.details = details.map { ModelChangePlan.Detail(name: $0.name, value: $0.value) }
        return plan
    }

    private func stage(
        _ change: ModelChangeTable, waiting: Int, isIndexed: Bool
    ) -> (ModelChangePlan.Stage, next: String?) {
        if change.isCutOver {
            if waiting > 0 { return (.settling, "embedding-job backfill cutover") }
            guard change.old != nil else { return (.complete, nil) }
            return (.cutOver, "embedding-job backfill drop-old, or embedding-job backfill rollback")
        }
        if change.old != nil { return (.blocked, change.stepForOld) }
        if change.next == nil {
            return change.servingModel == model.fingerprint
                ? (.complete, nil) : (.notBegun, "embedding-job backfill run")
        }
        if waiting > 0 { return (.filling, "embedding-job backfill run") }
        return isIndexed
            ? (.ready, "embedding-job backfill verify, then embedding-job backfill cutover")
            : (.notIndexed, "embedding-job backfill run")
    }

    /// Whether the new column has an index like each of the serving one's, and that in words.
    private func indexState(
        _ change: ModelChangeTable, _ type: String
    ) async throws -> (areValid: Bool, description: String) {
        guard !change.isCutOver else {
            return (true, change.searchIndexes.map { $0.summary(for: type) }.joined(separator: "; "))
        }
        guard !change.searchIndexes.isEmpty else { return (true, "none, as the serving column has none") }
        var existing: [SearchIndex] = []
        if let next = change.next {
            existing = try await connector.withSession { session in
                try await session.readOnly { try await SearchIndex.lookUp(on: next, of: change.table, session) }
            }
        }
        var (areValid, words) = (true, [String]())
        for (number, index) in change.searchIndexes.enumerated() {
            let name = searchIndexName(change, number)
            let found = existing.first { $0.name == name }
            areValid = areValid && found?.isValid == true
            let state = found.map { $0.isValid ? "valid" : "not finished" } ?? "to be built"
            words.append("\(name) \(index.summary(for: type)), \(state)")
        }
        return (areValid, words.joined(separator: "; "))
    }

    /// How fast the encoder is on a sample of all eligible rows.
    private func measure(_ encoder: any TextEncoder, _ change: ModelChangeTable) async throws -> SampleMeasurement {
        let rows = try await connector.withSession { session in
            try await session.readOnly {
                let queue = change.queue(session, change.serving, .every, model.fingerprint)
                return try await queue.listed(try await queue.sample(64, seed: 0))
            }
        }
        return try await SampleMeasurement(of: rows, RowEncoder(encoder, log: log), within: .seconds(2))
    }

    private func disk(_ plan: ModelChangePlan, _ change: ModelChangeTable, _ eligible: Int) -> String {
        // Every write leaves a version of the row behind, until VACUUM makes its space usable again.
        let rowBytes = change.estimatedRows > 0 ? Double(change.byteCount) / Double(change.estimatedRows) : 0
        let versions = Int(min(rowBytes * Double(plan.rows), 1e18))
        let notes = eligible * 230
        func megabytes(_ bytes: Int) -> String { "\(bytes >> 20 + 1) MB" }
        return "\(megabytes(plan.bytes)) for column and index, \(megabytes(notes)) for embedding_state, "
            + "\(megabytes(versions)) for old row versions until VACUUM"
    }

    private func describe(_ column: ResolvedTable.Column) -> String { "\(column.name) \(column.type)" }

    private func describe(_ models: [Fingerprint: Int]) -> String {
        guard !models.isEmpty else { return "vectors of unknown models" }
        return models.sorted { $0.value > $1.value }
            .map { "\($0.value) vectors of \($0.key)" }.joined(separator: ", ")
    }
}
