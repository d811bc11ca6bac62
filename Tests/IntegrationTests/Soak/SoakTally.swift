import DatasetTable
import JobTestSupport

/// What happened during a soak.
actor SoakTally {
    /// Things that are counted, under the names of the report.
    enum Event: String, CaseIterable {
        case processesStarted = "processes started"
        case kills = "SIGKILL"
        case terminations = "SIGTERM"
        case freezes = "SIGSTOP, later SIGCONT"
        case endedBackends = "pg_terminate_backend"
        case cutConnections = "connections cut"
        case fastRestarts = "server restarts, fast"
        case immediateRestarts = "server restarts, immediate"
        case edits = "rows edited"
        case otherChanges = "rows inserted, deleted, deactivated or of another status"
        case applicationDeadlocks = "deadlocks of the application with itself"
    }

    private var counts: [Event: Int] = [:]
    /// How often a run that was not killed ended with which exit status.
    private(set) var exitStatuses: [Int32: Int] = [:]
    /// Rows that runs which printed their line called processed.
    private(set) var processed = 0
    /// Complaints of runs that no run should have: about deadlocks, or an exit status that fits nothing that was done.
    private(set) var complaints: [String] = []
    private var longestEdit = Duration.zero

    func count(_ event: Event, _ number: Int = 1) {
        counts[event, default: 0] += number
    }

    /// Notes an edit of the application, which nobody may keep waiting.
    func edited(_ rows: Int, in time: Duration) {
        count(.edits, rows)
        longestEdit = max(longestEdit, time)
    }

    /// Notes how a run ended.
    func ended(_ outcome: BuiltExecutable.Outcome) {
        if outcome.standardError.contains("deadlock") { complaints.append("deadlock: \(outcome.standardError)") }
        // A signal may come before the program handles signals.
        guard outcome.signal == nil, let status = outcome.exitStatus else { return }
        exitStatuses[status, default: 0] += 1
        guard let report = try? RunReportLine(outcome), [0, 143].contains(status) else {
            complaints.append("exit status \(status): \(outcome.output) \(outcome.standardError)")
            return
        }
        processed += report.processed
    }

    /// The counts, one a line.
    var lines: [String] {
        let statuses = exitStatuses.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
        return Event.allCases.map { "\($0.rawValue): \(counts[$0, default: 0])" }
            + ["longest wait of an edit: \(longestEdit)", "exit statuses: \(statuses.joined(separator: ", "))"]
    }
}
