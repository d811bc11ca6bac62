public import DatasetTable
import Logging
import Postgres
public import SentenceEncoding

/// The steps `cutover` and `rollback`: two columns exchange a name.
extension ModelChange {
    /// Rows of the sample that is encoded again before a cutover.
    private static let sampleSize = 20

    /// Lets the new column serve, then drains it once more for rows that were edited around the swap.
    ///
    /// - Parameters:
    ///   - encoder: The encoder of the new model.
    ///   - maxPending: The most rows that may be without the right vector at the moment of the swap.
    ///   - leavesDependents: Whether what was made of the present column may stay with it under its new name.
    public func cutOver(
        _ encoder: any TextEncoder, maxPending: Int = 100, leavesDependents: Bool = false
    ) async -> RunReport {
        await reporting {
            var change = try await inspect()
            guard !change.isCutOver else {
                log.notice("cut over before; draining once more", metadata: metadata([.column: names.column]))
                return try await drain(names.column, encoder)
            }
            let next = try change.requireNext(self)
            if !leavesDependents { try requireNone(change.dependents, change, oldColumn, next.name) }
            try await requireIndexes(change)
            var report = try await drain(nextColumn, encoder)
            guard report.isComplete else { return report }
            if let remaining = report.remaining, remaining > maxPending {
                throw RunFailure(
                    .configuration,
                    "\(remaining) rows have no vector of this model yet, \(maxPending) may be left (--max-pending); next: embedding-job backfill run"
                )
            }
            try await requireSample(encoder)
            change = try await inspect()
            _ = try change.requireNext(self)
            try await swap(
                change, incoming: nextColumn, retired: oldColumn, model: model.name, fingerprint: model.fingerprint,
                leavesDependents)
            report.add(try await drain(names.column, encoder))
            return report
        }
    }

    /// Lets the old column serve again; its vectors are those of rows as they were at the cutover.
    ///
    /// - Parameters:
    ///   - encoder: The encoder of the named model; if that is the old column's, the column is drained then.
    ///   - leavesDependents: Whether what was made of the present column may stay with it under its new name.
    public func rollBack(_ encoder: (any TextEncoder)?, leavesDependents: Bool = false) async -> RunReport {
        await reporting {
            let change = try await inspect()
            let old = try change.requireOld(for: "roll back to")
            let retired = change.serving.stateKey
            guard retired != names.column else {
                throw RunFailure(
                    .configuration,
                    "\(change.name(change.serving)) was not put in its place by a cutover; next: embedding-job backfill plan"
                )
            }
            let models = try await connector.withSession { session in
                try await session.readOnly { try await change.table.models(of: old, session) }
            }
            let former = models.mostFrequent
            let isGiven = former == model.fingerprint
            try await swap(
                change, incoming: oldColumn, retired: retired, model: isGiven ? model.name : nil, fingerprint: former,
                leavesDependents)
            if isGiven, let encoder { return try await drain(names.column, encoder) }

            let now = try await inspect()
            let (coverage, quarantined) = try await coverage(of: now.serving, in: now, former ?? model.fingerprint)
            var report = RunReport()
            report.quarantined = quarantined
            report.remaining = max(0, coverage.missing - (quarantined ?? 0)) + coverage.outdated
            log.notice(
                "rolled back; rows were edited since the cutover",
                metadata: metadata([
                    .pending: "\(coverage.missing)", .outdated: "\(coverage.outdated)",
                    .remedy: "embedding-job run --stale --yes, with the model of this column",
                ]))
            return report
        }
    }

    /// Exchanges the names in one transaction.
    private func swap(
        _ change: ModelChangeTable, incoming: String, retired: String, model: String?, fingerprint: Fingerprint?,
        _ leavesDependents: Bool
    ) async throws {
        let table = change.table
        let swap = try await exclusively(table, columns: [names.column, incoming]) { session in
            let columns = try await ResolvedTable.Column.lookUp(
                [names.column, incoming, retired], of: table.oid, session)
            // The answer to an earlier COMMIT was lost, or somebody else was faster.
            if columns[incoming] == nil, columns[retired] != nil { return [ColumnDependent]() }
            guard let serving = columns[names.column], let other = columns[incoming], columns[retired] == nil else {
                throw RunFailure(
                    .configuration,
                    "the columns of \(table.quoted) have changed meanwhile; next: embedding-job backfill plan")
            }
            // Asked for under the lock: until the names are exchanged nothing more can be made of a column.
            let dependents = try await ColumnDependent.lookUp(on: serving, without: other, of: table, session)
            if !leavesDependents { try requireNone(dependents, change, retired, incoming) }
            let values = [
                "{SERVING}": serving.quoted, "{INCOMING}": other.quoted, "{RETIRED}": TableSchema.quote(retired),
                "{SERVING_COMMENT}": try await literal(
                    other.comment(named: names.column, text: other.ownComment ?? serving.ownComment), session),
                "{RETIRED_COMMENT}": try await literal(
                    serving.comment(named: retired, text: serving.ownComment), session),
            ]
            try await session.executeScript(table.statement(.changeSwap, values))
            guard let config = change.config, let fingerprint else { return dependents }
            try await session.execute(
                table.statement(.changeConfig, ["{CONFIG}": config]),
                change.configRow(other, model: model, fingerprint: fingerprint))
            return dependents
        }
        log.notice(
            "the column serves now; searches must use the encoder of its model",
            metadata: metadata([
                .column: names.column, .fingerprint: fingerprint?.abbreviation ?? "unknown",
                .lockWait: swap.wait.milliseconds, .swap: swap.hold.milliseconds,
            ]))
        guard !swap.result.isEmpty else { return }
        log.warning(
            "what was made of the column that served stays with it under its new name",
            metadata: metadata([
                .column: retired, .dependents: swap.result.names,
                .remedy: "create them anew for \(names.column), then drop these",
            ]))
    }

    private func literal(_ text: String?, _ session: PostgresSession) async throws(PostgresError) -> String {
        if let text { try await session.quoteLiteral(text) } else { "NULL" }
    }

    // MARK: - What a cutover requires

    /// Throws if something would go on with the vectors that searches do not use any more.
    private func requireNone(
        _ dependents: [ColumnDependent], _ change: ModelChangeTable, _ retired: String, _ incoming: String
    ) throws(RunFailure) {
        guard !dependents.isEmpty else { return }
        throw RunFailure(
            .configuration,
            "\(change.name(change.serving)) would be called \(retired), and these would stay with it: \(dependents.names); have them refer to \(incoming) as well, or drop them and create them anew afterwards, or leave them behind with --leave-dependents"
        )
    }

    private func requireIndexes(_ change: ModelChangeTable) async throws {
        let next = try change.requireNext(self)
        let indexes = try await connector.withSession { session in
            try await session.readOnly { try await SearchIndex.lookUp(on: next, of: change.table, session) }
        }
        for number in change.searchIndexes.indices {
            let name = searchIndexName(change, number)
            guard indexes.contains(where: { $0.name == name && $0.isValid }) else {
                throw RunFailure(
                    .configuration,
                    "\(change.name(next)) has no valid index \(name), searches would read the table; next: embedding-job backfill run"
                )
            }
        }
    }

    private func requireSample(_ encoder: any TextEncoder) async throws {
        let report = try await verifySample(encoder, Self.sampleSize, seed: 0)
        guard report.isComplete else {
            throw RunFailure(report.exitReason, "the new column could not be verified, see the log")
        }
        guard report.different == 0 else {
            throw RunFailure(
                .configuration,
                "\(report.different) of \(report.checked) vectors are not those of their rows; next: embedding-job backfill verify"
            )
        }
    }

}

extension Duration {
    /// With a tenth of a millisecond, for logs.
    fileprivate var milliseconds: String { "\(((self / .milliseconds(1)) * 10).rounded() / 10)" }
}
