import DatasetTable
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// The executable under everything at once: edits, kills, lost connections and restarts, for as long as one likes.
///
/// The negative control is the test of the test: the same table, edited in the same way, but the guard of the write is
/// struck out on its way to the server. A soak that finds nothing wrong there would prove nothing here.
@Suite("A soak", .requiresPostgresPrograms, .requiresSoakTime, .serialized)
struct SoakTests {
    /// The longest time spent on the negative control.
    private static let controlSeconds = 20.0
    private static let rows = 4000
    private static let workers = 4
    private static let applications = 2
    /// The guard of the write, in its SQL, and what lets every row pass.
    private static let theGuard = "OPERATOR(pg_catalog.=) x.fingerprint"
    private static let noGuard = "IS NOT NULL".padded(like: theGuard)

    @Test("loses, doubles and stales no row, with the state table and without", arguments: [true, false])
    func soak(hasState: Bool) async throws {
        try await withPrivateServer(["max_connections=100"]) { server in
            let database = try await SoakDatabase(
                try await TemporaryDatabase.create(on: server), rows: Self.rows, hasState: hasState)
            let tally = SoakTally()
            try await withFaultProxy(to: server.url) { proxy in
                try await Self.work(on: database, through: proxy, tally, seconds: 0.45 * Self.seconds) { fleet, end in
                    let faults = SoakFaults(
                        server: server, database: database, fleet: fleet, proxy: proxy, tally: tally)
                    async let strikes: Void = faults.strike(until: end)
                    try await faults.restart(until: end)
                    try await strikes
                }
            }
            try await Self.expectIntact(database, tally)
        }
    }

    @Test("finds stale vectors when the guard of the write is struck out")
    func negativeControl() async throws {
        try await withPrivateServer(["max_connections=100"]) { server in
            let database = try await SoakDatabase(
                try await TemporaryDatabase.create(on: server), rows: Self.rows, hasState: true)
            try await withFaultProxy(to: server.url) { proxy in
                proxy.replace(Self.theGuard, with: Self.noGuard)
                let seconds = min(Self.controlSeconds, 0.1 * Self.seconds)
                try await Self.work(on: database, through: proxy, SoakTally(), seconds: seconds) { _, _ in }
                #expect(proxy.replacementCount > 0)
            }
            let stale = try await database.staleWhenStored()
            Self.report("negative control, guard struck out", ["stale when stored: \(stale)"])
            #expect(stale > 0)
        }
    }

    /// Lets runs and the application work on the table for some time, and something befall them meanwhile.
    private static func work(
        on database: SoakDatabase, through proxy: FaultProxy, _ tally: SoakTally, seconds: Double,
        _ befall: @escaping @Sendable (SoakFleet, _ end: ContinuousClock.Instant) async throws -> Void
    ) async throws {
        // A network whose round trip takes 10 ms, which leaves the application time to edit what was read.
        proxy.set(.delay(.milliseconds(5)))
        let fleet = try SoakFleet(url: try proxy.url(from: database.url), tally: tally)
        let application = SoakApplication(database: database, tally: tally)
        let end = ContinuousClock.now + .seconds(seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<workers { group.addTask { try await fleet.work(as: worker, until: end) } }
            for _ in 0..<applications { group.addTask { try await application.work(until: end) } }
            group.addTask { try await befall(fleet, end) }
            try await group.waitForAll()
        }
    }

    /// Lets the table come to rest, prints what happened and fails the test unless nothing went wrong.
    private static func expectIntact(_ database: SoakDatabase, _ tally: SoakTally) async throws {
        let datasets = Datasets(database: database.database, job: try BuiltExecutable())
        func run(_ arguments: String...) async throws -> RunReportLine {
            let outcome = try await datasets.run(["run"] + arguments, url: database.url)
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            return try RunReportLine(outcome)
        }
        let last = try await run()
        let idle = try await run()
        let stored = try await database.storedVectors()
        let printed = await tally.processed + last.processed
        let lost = try await database.lostRows()
        let staleWhenStored = try await database.staleWhenStored()
        let staleNow = try await database.staleNow()
        let overwritten = try await database.overwrittenVectors()
        let blamedOnce = try await database.poisonRowsBlamedOnce()
        report(
            "soak \(database.hasState ? "with" : "without") the state table",
            await tally.lines + [
                "vectors stored: \(stored), of which surviving runs printed: \(printed)", "lost: \(lost)",
                "stale when stored: \(staleWhenStored)", "stale now: \(staleNow)", "overwritten: \(overwritten)",
                "poison rows blamed exactly once: \(blamedOnce) of \(SoakDatabase.poisonRows)",
                "another run processed: \(idle.processed), failed: \(idle.failed)",
            ])
        #expect(lost == 0 && staleWhenStored == 0 && staleNow == 0 && overwritten == 0)
        #expect(blamedOnce == SoakDatabase.poisonRows)
        #expect(idle.processed == 0 && idle.failed == 0)
        #expect(printed <= stored && printed > 0)
        let complaints = await tally.complaints
        #expect(complaints.isEmpty)

        guard database.hasState else { return }
        // Edits that leave the vector where it is are found by what the state table remembers.
        let edited = """
            UPDATE datasets SET title = 'the ' || title WHERE id IN (SELECT id FROM datasets
                WHERE embedding IS NOT NULL AND is_active AND enrichment_status = 'enriched' LIMIT 50)
            """
        try await database.database.run(edited)
        #expect(try await database.staleNow() == 50)
        #expect(try await run("--stale").processed == 50)
        #expect(try await database.staleNow() == 0)
    }

    private static func report(_ title: String, _ lines: [String]) {
        print((["", "\(title):"] + lines.map { "  " + $0 }).joined(separator: "\n"))
    }

    fileprivate static let seconds =
        ProcessInfo.processInfo.environment["EMBEDDING_SOAK_SECONDS"].flatMap { Double($0) } ?? 0
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, visibly, unless it was told how long it may take.
    fileprivate static var requiresSoakTime: Self { .enabled(if: SoakTests.seconds > 0, "run Scripts/soak") }
}
