import Logging
import Postgres

/// Lets the server look at the statements of a command before the first row: what cannot be read in the catalog, it says.
extension Preflight {
    /// What the server objects to in a statement; `nil` if nothing.
    private func refusal(of trial: StatementTrial) async throws(PostgresError) -> PostgresError.ServerError? {
        do throws(PostgresError) {
            try await trial.explain(session)
            return nil
        } catch {
            guard case .serverError(let refusal) = error, refusal.disposition != .retry else { throw error }
            try await session.executeScript(SQLFile.trialRollback.statement)
            return refusal
        }
    }

    private func firstRefusal(
        of trials: [StatementTrial]
    ) async throws(PostgresError) -> (statement: PostgresStatement, error: PostgresError.ServerError)? {
        for trial in trials {
            if let error = try await refusal(of: trial) { return (trial.statement, error) }
        }
        return nil
    }

    /// Tries the statements of a command, and goes on without a side table to which the server objects; throws all findings
    /// if it objects to more.
    func trying(
        _ trials: @Sendable (ResolvedTable) -> [StatementTrial], on table: ResolvedTable, for purpose: Purpose,
        leavingOut leaveOut: (SideTable, SideTable.Problem) async -> Void
    ) async throws -> ResolvedTable {
        guard let refused = try await firstRefusal(of: trials(table)) else { return table }
        for dropped in SideTable.omissions where dropped.allSatisfy({ table[$0] != nil }) {
            var rest = table
            for sideTable in dropped { rest[sideTable] = nil }
            guard try await firstRefusal(of: trials(rest)) == nil else { continue }
            for sideTable in dropped { await leaveOut(sideTable, .refused(refused.error)) }
            return rest
        }
        var findings = PreflightFindings()
        try await probe(table, for: purpose, &findings)
        if findings.isEmpty {
            findings.add(
                "the server refuses the statement \"\(refused.statement.name)\" about \(table.quoted): \(refused.error.explanation)"
            )
        }
        throw findings.failure
    }

    /// Finds out column by column what the server objects to, among those of which nothing is known to be wrong.
    func probe(
        _ table: ResolvedTable, for purpose: Purpose, _ findings: inout PreflightFindings
    ) async throws(PostgresError) {
        for probe in Self.probes(of: table, for: purpose) where !findings.blames(probe.column.name) {
            guard let refusal = try await refusal(of: probe.trial) else { continue }
            var sentence = "\(table.quoted).\(probe.column.name) is \(probe.column.type) and \(probe.complaint): "
            sentence += refusal.explanation
            sentence += "; \(try await remedy(for: refusal, table) ?? probe.remedy)"
            findings.add(sentence, about: probe.column.name)
        }
    }

    /// What mends what the server objects to, if the catalog says.
    private func remedy(
        for refusal: PostgresError.ServerError, _ table: ResolvedTable
    ) async throws(PostgresError) -> String? {
        switch refusal.sqlState {
        case .objectNotInPrerequisiteState:
            let rows = try await session.execute(
                SQLFile.catalogReplicaIdentity.statement, [.oid(table.oid), .text(names.id)])
            guard let row = rows.first, try !row.isNull("statements") else { return nil }
            return try row.text("statements")
        case .invalidColumnReference:
            // What is wrong stands in the DETAIL, which is not kept: there is one cause of this code at an UPDATE.
            return
                "a publication filters its rows by columns that are not part of its replica identity: ALTER TABLE \(table.quoted) REPLICA IDENTITY FULL"
        case .featureNotSupported:
            let rows = try await session.execute(SQLFile.catalogRules.statement, [.oid(table.oid)])
            guard let row = rows.first, try !row.isNull("rules") else { return nil }
            return "put triggers in the place of the rules \(try row.text("rules"))"
        default: return nil
        }
    }

    /// A statement about one column.
    private struct Probe {
        let column: ResolvedTable.Column
        let trial: StatementTrial
        let complaint: String
        let remedy: String
    }

    private static func probes(of table: ResolvedTable, for purpose: Purpose) -> [Probe] {
        let names = table.names
        var probes: [Probe] = []
        func add(
            _ name: String, _ file: SQLFile, _ complaint: String, _ remedy: String,
            parameters: (ResolvedTable.Column) -> [PostgresValue] = { _ in [] }
        ) {
            guard let column = table.columns[name], purpose.reads(name, names) else { return }
            let trial = StatementTrial(table.statement(file, ["{TEXT}": column.quoted]), parameters(column))
            probes.append(Probe(column: column, trial: trial, complaint: complaint, remedy: remedy))
        }
        func none(of column: ResolvedTable.Column) -> [PostgresValue] {
            [.array(of: column.typeOID, arrayOID: column.arrayOID, elements: [])]
        }
        add(names.id, .probeKey, "cannot be used as a key", "name another with --id-column", parameters: none)
        for (name, option) in [(names.title, "--title-column"), (names.description, "--description-column")] {
            add(name, .probeText, "cannot be read as text", "name a text column with \(option)")
        }
        add(
            names.status, .probeStatus, "cannot be compared with \(names.statusValue)",
            "set --status-value, or name another with --status-column")
        add(names.active, .probeActive, "is no condition", "name a boolean column with --active-column")
        if purpose.dimension != nil {
            add(names.column, .probeStored, "cannot be read as a vector", "name a vector column with --column")
        }
        if case .run = purpose {
            add(
                names.column, .probeWritten, "cannot be written", "name another with --column",
                parameters: none)
        }
        return probes
    }
}
