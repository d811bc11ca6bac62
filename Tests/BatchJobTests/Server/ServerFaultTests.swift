import BatchJob
import DatasetTable
import Foundation
import Glibc
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// What servers do to a run when they are restarted, crash, change places or run out of disk.
///
/// Every test has a server of its own, with durability on. Most drain three batches of 20 rows by one worker, so that it is
/// known at each moment what was committed. Numbers are those of the list of faults that a run is to survive.
@Suite("A server of one's own", .requiresPostgresPrograms, .sharedCluster, .serialized, .timeLimit(.minutes(30)))
struct ServerFaultTests {
    /// What happens to the server, which is there again afterwards.
    enum Outage: String, CaseIterable, Sendable {
        case fastRestart, immediateRestart
        /// A server process is killed; the others end as well, because it may have damaged the memory they share.
        case killedBackend
    }

    /// Where a batch can be when it happens.
    enum Moment: String, CaseIterable, Sendable {
        /// Some rows are updated.
        case write = "pg_advisory_xact_lock(6)"
        /// The server has committed and waits for a standby that does not exist before it says so.
        case unansweredCommit = "set_config('synchronous_commit', 'on', true)"

        /// What the server says it waits for.
        var waitEvent: String { self == .write ? "advisory" : "SyncRep" }
    }

    @Test("6: an outage while a batch is encoded delays the run", arguments: Outage.allCases)
    func outageWhileEncoding(outage: Outage) async throws {
        try await withPrivateServer { server in
            let (database, fixture, checker) = try await sixtyRows(on: server)
            let seen = Recorder()
            let encoder = StubEncoder { texts in
                guard await seen.reaches(60, with: texts) else { return }
                try await outage.strike(server, database)
                // What two batches were told to be written has survived.
                #expect(try await fixture.pending() == 20)
            }
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, connections: 1, log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == 60 && report.failed == 0 && report.exitReason == .drained)
            #expect(!log.entries(containing: "trying again").isEmpty)
            #expect(await seen.texts.count == 60)
            try await server.restart(.immediate)
            try await checker.expectIntact(report)
        }
    }

    @Test("6: an outage during a write or a COMMIT delays the run", arguments: Outage.allCases, Moment.allCases)
    func outageWhileWriting(outage: Outage, moment: Moment) async throws {
        try await withPrivateServer(["synchronous_standby_names=nobody", "synchronous_commit=local"]) { server in
            let (database, fixture, checker) = try await sixtyRows(on: server)
            try await database.inThirdBatch("PERFORM \(moment.rawValue)")
            let application = try await database.connect()
            try await application.executeScript(.init(name: "lock", sql: "SELECT pg_advisory_lock(6)"))
            let seen = Recorder()
            let encoder = StubEncoder { texts in _ = await seen.reaches(60, with: texts) }
            async let drain = fixture.drain(encoder, connections: 1) { $0.batchSize = 20 }
            try await database.wait(
                until: """
                    EXISTS (SELECT FROM pg_stat_activity
                        WHERE application_name = 'embedding-job test' AND wait_event = '\(moment.waitEvent)')
                    """)
            try await outage.strike(server, database)
            let report = try await drain
            #expect(report.processed == 60 && report.failed == 0 && report.exitReason == .drained)
            #expect(report.skippedStale == 0 && report.skippedLocked == 0)
            #expect(await seen.texts.count == 60)
            await application.close()
            try await checker.expectIntact(report)
        }
    }

    @Test("6: a server that stays down ends the run, and the next one completes it")
    func staysDown() async throws {
        try await withPrivateServer { server in
            let (_, fixture, checker) = try await sixtyRows(on: server)
            let seen = Recorder()
            let encoder = StubEncoder { texts in
                if await seen.reaches(60, with: texts) { try await server.stop(.immediate) }
            }
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, connections: 1, log: log.logger) {
                ($0.batchSize, $0.retryBudget) = (20, .milliseconds(500))
            }
            #expect(report.exitReason == .database && report.exitReason.exitCode == 75)
            #expect(report.processed == 40 && report.remaining == nil)
            #expect(report.duration >= .milliseconds(500))
            #expect(log.entries(containing: "trying again").count > 1)
            try await server.start()
            #expect(try await fixture.pending() == 20)
            let rest = try await fixture.drain(StubEncoder())
            #expect(rest.processed == 20)
            try await checker.expectIntact(report, rest)
        }
    }

    @Test("7: a server that is started after the run is waited for")
    func startedLate() async throws {
        try await withPrivateServer { server in
            let (database, fixture, checker) = try await sixtyRows(on: server)
            try await server.stop()
            let log = RecordedLog()
            let connector = Connector(retryBudget: .seconds(60), log: log.logger) { () async throws(PostgresError) in
                try await PostgresSession.connect(to: database.url, applicationName: "embedding-job test")
            }
            async let connecting = connector.open { _ in }
            await log.wait(for: "trying again")
            try await server.start()
            let session = try await connecting.session
            #expect(await session.isUsable)
            await session.close()
            try await checker.expectIntact(try await fixture.drain(StubEncoder()))
        }
    }
}

// MARK: - What the tests share

extension ServerFaultTests {
    /// A database with three batches of rows.
    func sixtyRows(
        on server: PrivateServer
    ) async throws -> (TemporaryDatabase, DatasetFixture, InvariantChecker) {
        try await sixtyRows(in: try await TemporaryDatabase.create(on: server))
    }

    /// A table with three batches of rows.
    func sixtyRows(
        in database: TemporaryDatabase
    ) async throws -> (TemporaryDatabase, DatasetFixture, InvariantChecker) {
        let fixture = try await DatasetFixture(database)
        let checker = try await InvariantChecker(fixture)
        try await fixture.insert(60)
        return (database, fixture, checker)
    }
}

extension Recorder {
    /// Adds the rows of a batch, and tells whether they make up this number.
    func reaches(_ count: Int, with batch: [String]) -> Bool {
        let rows = batch.filter { $0.hasPrefix("Dataset") }
        add(rows)
        return !rows.isEmpty && texts.count == count
    }
}

extension ServerFaultTests.Outage {
    /// Makes it happen and waits until the server is there again.
    func strike(_ server: PrivateServer, _ database: TemporaryDatabase) async throws {
        switch self {
        case .fastRestart: try await server.restart(.fast)
        case .immediateRestart: try await server.restart(.immediate)
        case .killedBackend:
            let bystander = try await database.connect()
            let processes = "SELECT pid FROM pg_stat_activity WHERE application_name = 'embedding-job test'"
            let process = try await database.number("SELECT pid FROM (\(processes)) AS p")
            #expect(kill(pid_t(process), SIGKILL) == 0)
            // The server has noticed when the other sessions are gone; from then on it lets nobody in until it recovered.
            await #expect(throws: PostgresError.self) {
                try await bystander.execute(.init(name: "wait", sql: "SELECT pg_sleep(60)"), timeout: .seconds(60))
            }
            let connector = Connector(retryBudget: .seconds(60), log: RecordedLog().logger) {
                () async throws(PostgresError) in
                try await PostgresSession.connect(to: database.url, applicationName: "tests")
            }
            try await connector.withSession { _ in }
        }
    }
}

extension TemporaryDatabase {
    /// Makes the third batch, and what is written after it, run a statement of PL/pgSQL before each row.
    fileprivate func inThirdBatch(_ statement: String) async throws {
        try await run(
            """
            CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF (SELECT count(embedding) FROM datasets) >= 40 THEN
                    \(statement);
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER fault BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION fault()
            """)
    }
}
