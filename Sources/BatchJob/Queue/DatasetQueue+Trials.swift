import DatasetTable
import Postgres

/// The statements of a queue without any rows, for the server to look at before there are some.
extension DatasetQueue {
    /// What a drain will send for the rows that the table selects.
    var drainTrials: [StatementTrial] {
        let rows = rowParameters([])
        var trials = [
            StatementTrial(statements.list, listParameters(after: nil)),
            StatementTrial(statements.pendingCount, identity),
            StatementTrial(statements.read, identity + [keys([]), .int4(0)]),
            StatementTrial(statements.write, writeParameters([])), StatementTrial(statements.classify, identity + rows),
            StatementTrial(statements.check, identity + rows), StatementTrial(statements.cleared, rows),
        ]
        if table.selection.needsState { trials.append(StatementTrial(statements.embeddedCount)) }
        if let fail = statements.fail { trials.append(StatementTrial(fail, failParameters([]))) }
        if let quarantined = statements.quarantined { trials.append(StatementTrial(quarantined, identity)) }
        return trials
    }

    /// What the server objects to in a write without any rows; `nil` if nothing.
    func refusalOfWrite() async throws(PostgresError) -> PostgresError.ServerError? {
        let trial = StatementTrial(statements.write, writeParameters([]))
        do throws(PostgresError) {
            try await reading { () throws(PostgresError) in try await trial.explain(session) }
            return nil
        } catch {
            guard case .serverError(let refusal) = error, refusal.disposition != .retry else { throw error }
            try await rollback()
            return refusal
        }
    }

    /// What a verification will send.
    var verificationTrials: [StatementTrial] {
        var table = table
        table.selection = .embedded
        var trials = [
            StatementTrial(table.statement(.sample), [.int8(0), .int4(0)]),
            StatementTrial(table.statement(.readStored), [keys([])]),
        ]
        if table.state != nil { trials.append(StatementTrial(table.statement(.states), identity)) }
        return trials
    }
}
