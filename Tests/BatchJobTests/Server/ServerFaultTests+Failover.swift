import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Servers that take no writes, for a while or for good.
extension ServerFaultTests {
    @Test("8: a server that becomes read-only by default gets the rest of a run, but no other run")
    func readOnlyDefault() async throws {
        try await withPrivateServer { server in
            let (database, fixture, checker) = try await sixtyRows(on: server)
            let administrator = try await database.connect()
            let seen = Recorder()
            let encoder = StubEncoder { texts in
                if await seen.reaches(20, with: texts) { try await administrator.setReadOnlyDefault(true) }
            }
            let report = try await fixture.drain(encoder, connections: 1) { $0.batchSize = 20 }
            #expect(report.processed == 60 && report.exitReason == .drained)

            let failure = await #expect(throws: PostgresError.self) { try await fixture.drain(StubEncoder()) }
            #expect(try RunFailure(#require(failure)).reason == .database)
            try await administrator.setReadOnlyDefault(false)
            await administrator.close()
            try await checker.expectIntact(report)
        }
    }

    @Test("8: a standby is never written to, whatever the connection string asks for")
    func standby() async throws {
        try await withPrimaryAndStandby { primary, standby, database in
            let (_, fixture, checker) = try await sixtyRows(in: database)
            try await database.waitForStandby()
            let alone = database.replicated(on: standby).url
            let refusal = await #expect(throws: PostgresError.self) {
                try await fixture.drain(StubEncoder(), url: alone)
            }
            #expect(try RunFailure(#require(refusal)).reason == .database)
            let finding = await #expect(throws: RunFailure.self) {
                try await fixture.drain(StubEncoder(), url: alone + "&target_session_attrs=any")
            }
            #expect(finding?.reason == .configuration)
            #expect(finding?.description.contains("is a read-only standby") == true)

            let seen = Recorder()
            let encoder = StubEncoder { texts in
                if await seen.reaches(60, with: texts) { try await primary.stop() }
            }
            let anyServer = database.replicated(on: primary, standby).url + "&target_session_attrs=any"
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, connections: 1, url: anyServer, log: log.logger) {
                ($0.batchSize, $0.retryBudget) = (20, .milliseconds(500))
            }
            #expect(report.exitReason == .database)
            #expect(report.processed == 40)
            #expect(log.entries("run ended early").first?.values.values.joined().contains("during recovery") == true)
            try await standby.promote()
            let rest = try await fixture.drain(StubEncoder())
            #expect(rest.processed == 20)
            try await checker.expectIntact(report, rest)
        }
    }

    @Test("8: a run goes on with the standby that is promoted in its middle")
    func failover() async throws {
        try await withPrimaryAndStandby { primary, standby, database in
            let (_, fixture, checker) = try await sixtyRows(in: database)
            let seen = Recorder()
            let encoder = StubEncoder { texts in
                guard await seen.reaches(60, with: texts) else { return }
                // It ends when the standby has everything.
                try await primary.stop()
                try await standby.promote()
            }
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, connections: 1, log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == 60 && report.failed == 0 && report.exitReason == .drained)
            #expect(!log.entries(containing: "trying again").isEmpty)
            #expect(await seen.texts.count == 60)
            try await checker.expectIntact(report)
        }
    }
}

/// Lends two servers and a database on them whose URL names both, the standby first.
private func withPrimaryAndStandby(
    _ body: (_ primary: PrivateServer, _ standby: PrivateServer, TemporaryDatabase) async throws -> Void
) async throws {
    try await withPrivateServer { primary in
        try await withPrivateServer(standbyOf: primary) { standby in
            let database = try await TemporaryDatabase.create(on: primary)
            try await database.waitForStandby()
            try await body(primary, standby, database.replicated(on: standby, primary))
        }
    }
}

extension TemporaryDatabase {
    /// Waits until the standby has everything that its primary has.
    fileprivate func waitForStandby() async throws {
        try await wait(until: "EXISTS (SELECT FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn())")
    }
}

extension PostgresSession {
    /// Changes what transactions of all sessions are by default, and waits until the change has come round.
    fileprivate func setReadOnlyDefault(_ isReadOnly: Bool) throws {
        let value = isReadOnly ? "on" : "off"
        try execute(.init(name: "alter", sql: "ALTER SYSTEM SET default_transaction_read_only = \(value)"))
        try execute(.init(name: "reload", sql: "SELECT pg_reload_conf()"))
        let show = PostgresStatement(name: "show", sql: "SHOW default_transaction_read_only")
        while try execute(show).first?.text(0) != value { try Task.checkCancellation() }
    }
}
