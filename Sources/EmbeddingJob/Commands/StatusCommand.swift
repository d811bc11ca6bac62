import ArgumentParser
import Benchmarking
import CommandSupport
import DatasetTable
import FoundationEssentials
import Logging
import Postgres

/// `embedding-job status`: counts rows.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Count rows by status and say how many have a vector.",
        discussion: """
            Where the side tables exist: also failures by class, rows that are held back, vectors by model fingerprint, and \
            entries whose row is gone. All numbers are of the same moment; nothing is written.

            With --runs, the last runs instead: from the table embedding_run, which embedding-job schema --history makes.
            """)

    @OptionGroup(title: "Database") var database: DatabaseOptions

    @Flag(help: "Print one line of JSON instead of a table.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Print so many of the last runs instead; with --json, a line of JSON each.", valueName: "count"))
    var runs: PositiveCount?

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let names = try database.names(settings)
            if let runs { return try await printRuns(runs.value, names, try database.connection(settings)) }
            let session = try await database.connection(settings).open(.readOnly)
            let log = Logger.standardError()
            let table = try await Preflight(session: session, names: names, log: log).check(for: .status)
            let status = try await TableStatus(of: table, session: session)
            await session.close()
            if let reason = status.unknownAge {
                log.notice("the age of pending rows is not known", metadata: ["reason": "\(reason)"])
            }
            try StandardOutput.print(json ? Self.json(status) : Self.table(status))
        }
    }

    private func printRuns(_ count: Int, _ names: DatasetNames, _ connection: DatabaseConnection) async throws {
        let entries = try await connection.withSession(.readOnly) { session in
            guard let history = try await RunHistory(of: names, writes: false, session: session) else {
                throw RunFailure(
                    .configuration,
                    "there is no table embedding_run beside \(names.table) or on the search path; embedding-job schema --history --apply makes it"
                )
            }
            return try await history.latest(count)
        }
        for line in json ? entries.map(Self.json) : [Self.table(entries)] { try StandardOutput.print(line) }
    }

    private static func table(_ entries: [RunHistory.Entry]) -> String {
        struct Numbers: Decodable {
            let processed, failed: Int?
            let seconds: Double?
        }
        let rows = entries.map { entry in
            let numbers = try? JSONDecoder().decode(Numbers.self, from: Data(entry.report.utf8))
            return [
                entry.finished, entry.command, entry.exitReason, String(entry.exitStatus),
                numbers?.processed.map(String.init) ?? "-", numbers?.failed.map(String.init) ?? "-",
                numbers?.seconds.map { "\($0)" } ?? "-", entry.runner,
            ]
        }
        let heading = ["finished", "command", "exit reason", "status", "processed", "failed", "seconds", "runner"]
        return TextTable(heading: heading, rows: rows, nameColumns: [0, 1, 2, 7]).description
    }

    private static func json(_ entry: RunHistory.Entry) -> String {
        JSONLine.object([
            ("finished_at", JSONLine.text(entry.finished)), ("command", JSONLine.text(entry.command)),
            ("runner", JSONLine.text(entry.runner)), ("exit_status", JSONLine.number(entry.exitStatus)),
            ("exit_reason", JSONLine.text(entry.exitReason)), ("report", entry.report),
        ])
    }

    private static func table(_ status: TableStatus) -> String {
        var lines: [(name: String, value: String)] = status.counts.map {
            ($0.status.isEmpty ? "(no status)" : $0.status, String($0.rows))
        }
        lines += [
            ("eligible", String(status.eligible)), ("embedded", String(status.embedded)),
            ("pending", String(status.pending)), ("coverage", percent(status.coverage)),
        ]
        if status.unknownAge == nil { lines.append(("oldest pending", status.oldestPending ?? "-")) }
        if let ledger = status.ledger {
            lines += ledger.failures.map { ("failed \($0.errorClass)", String($0.count)) }
            lines += [("quarantined", String(ledger.quarantined)), ("orphaned failures", String(ledger.orphans))]
        }
        if let provenance = status.provenance {
            lines += provenance.vectors.map { ("vectors of \($0.model.abbreviation)", String($0.count)) }
            lines += [("orphaned states", String(provenance.orphans))]
        }
        return lines.table
    }

    /// Two decimals, rounded down: 100 % means all.
    private static func percent(_ share: Double) -> String {
        "\(Double(Int(share * 10_000)) / 100) %"
    }

    private static func json(_ status: TableStatus) throws -> String {
        struct Line: Encodable {
            let byStatus: [String: Int]
            let eligible, embedded, pending: Int
            let coverage: Double
            let oldestPending: String?
            let failures, vectorsByModel: [String: Int]?
            let quarantined, orphanedFailures, orphanedStates: Int?
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let counts = Dictionary(status.counts.map { ($0.status, $0.rows) }) { $0 + $1 }
        let failures = status.ledger.map { Dictionary($0.failures.map { ($0.errorClass, $0.count) }) { $0 + $1 } }
        let vectors = status.provenance.map {
            Dictionary($0.vectors.map { ($0.model.abbreviation, $0.count) }) { $0 + $1 }
        }
        let line = Line(
            byStatus: counts, eligible: status.eligible, embedded: status.embedded, pending: status.pending,
            coverage: status.coverage, oldestPending: status.oldestPending, failures: failures,
            vectorsByModel: vectors, quarantined: status.ledger?.quarantined,
            orphanedFailures: status.ledger?.orphans, orphanedStates: status.provenance?.orphans)
        return String(decoding: try encoder.encode(line), as: UTF8.self)
    }
}
