import DatasetTable

/// The order of the steps: which may come now, and which is the next one.
extension ModelChangeTable {
    /// Throws unless the new column may be filled.
    func requireFillable(_ change: ModelChange) throws(RunFailure) {
        if isCutOver {
            throw RunFailure(
                .configuration,
                "\(name(serving)) holds the vectors of this model since the cutover; next: embedding-job backfill drop-old, or rollback"
            )
        }
        if let old {
            throw RunFailure(
                .configuration,
                "\(name(old)) is in the way, where a cutover would put the present column; next: \(stepForOld)")
        }
        if next == nil, servingModel == change.model.fingerprint {
            throw RunFailure(
                .configuration, "\(name(serving)) holds the vectors of this model already; nothing is to be changed")
        }
        if let next, next.modifier > 0, next.modifier != change.model.dimension {
            throw RunFailure(
                .configuration,
                "\(name(next)) holds \(next.modifier) components, the model gives \(change.model.dimension); drop the column if nobody needs it"
            )
        }
    }

    /// Throws unless the new column exists and nothing else stands against a cutover that the catalog knows.
    func requireNext(_ change: ModelChange) throws(RunFailure) -> ResolvedTable.Column {
        try requireFillable(change)
        guard let next else {
            throw RunFailure(
                .configuration,
                "\(table.quoted) has no column \(change.nextColumn) for this model yet; next: embedding-job backfill run"
            )
        }
        return next
    }

    /// The old column; throws unless a cutover has left one.
    func requireOld(for step: String) throws(RunFailure) -> ResolvedTable.Column {
        guard let old else {
            throw RunFailure(
                .configuration,
                "\(table.quoted) has no column \(ModelChange.oldColumn(of: serving.name)), there is nothing to \(step); next: embedding-job backfill plan"
            )
        }
        guard isOldOurs else {
            throw RunFailure(
                .configuration,
                "\(name(old)) was not left by a cutover, its comment does not say so; next: \(stepForOld)")
        }
        return old
    }

    /// What to do about a column in the old one's place.
    var stepForOld: String { isOldOurs ? "embedding-job backfill drop-old" : "rename that column" }

    func name(_ column: ResolvedTable.Column) -> String { "\(table.quoted).\(column.name)" }
}
