import BatchJob
import DatasetTable
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Disks that run full.
extension ServerFaultTests {
    @Test("16: a full disk fails statements whole, and the run goes on when there is room", .requiresMounting)
    func fullTablespace() async throws {
        try await withSmallDisk(megabytes: 8) { disk in
            try await withPrivateServer { server in
                let database = try await TemporaryDatabase.create(on: server)
                let fixture = try await DatasetFixture(database)
                let checker = try await InvariantChecker(fixture)
                let folder = disk.folder.appending(path: "tablespace")
                try PrivateServer.makeFolder(folder)
                try await database.run("CREATE TABLESPACE small LOCATION '\(folder.path)'")
                try await database.run("ALTER TABLE datasets SET TABLESPACE small")
                // Seven to a page, so every batch needs more of them.
                try await fixture.insertLong(60, characters: 1024)
                // Somebody else's long transaction keeps what updates leave behind from being reused.
                let reader = try await database.connect()
                try await reader.executeScript(
                    .init(name: "read", sql: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM datasets"))
                let seen = Recorder()
                let encoder = StubEncoder { texts in if await seen.reaches(60, with: texts) { try disk.fill() } }
                let log = RecordedLog()
                let report = try await fixture.drain(encoder, connections: 1, log: log.logger) {
                    ($0.batchSize, $0.retryBudget) = (20, .seconds(1))
                }
                #expect(report.exitReason == .database && report.exitReason.exitCode == 75)
                #expect(report.processed >= 40 && report.failed == 0)
                #expect(try await fixture.pending() == 60 - report.processed)
                let retries = log.entries(containing: "trying again")
                #expect(retries.allSatisfy { $0.values.values.joined().contains("53100") })
                #expect(retries.count > 1)

                try disk.free()
                let rest = try await fixture.drain(StubEncoder())
                #expect(rest.exitReason == .drained)
                await reader.close()
                try await checker.expectIntact(report, rest)
            }
        }
    }

    @Test("17: a disk too full for the write-ahead log ends server and run; what counted is there", .requiresMounting)
    func fullWriteAheadLog() async throws {
        try await withSmallDisk(megabytes: 64) { disk in
            let folder = disk.folder.appending(path: "wal")
            try PrivateServer.makeFolder(folder)
            // Small segments that are not kept for reuse: soon a new one is needed.
            let arguments = ["--waldir=\(folder.path)", "--wal-segsize=1"]
            try await withPrivateServer(["wal_recycle=off"], initdbArguments: arguments) { server in
                let database = try await TemporaryDatabase.create(on: server)
                let fixture = try await DatasetFixture(database)
                let checker = try await InvariantChecker(fixture)
                try await fixture.insertLong(2000, characters: 1500)
                let seen = Recorder()
                let encoder = StubEncoder { texts in if await seen.reaches(100, with: texts) { try disk.fill() } }
                let report = try await fixture.drain(encoder, connections: 1) {
                    ($0.batchSize, $0.retryBudget) = (50, .seconds(1))
                }
                #expect(report.exitReason == .database && report.exitReason.exitCode == 75)
                #expect((50..<2000).contains(report.processed))
                #expect(try String(contentsOf: server.log, encoding: .utf8).contains("PANIC:  could not write to file"))

                try disk.free()
                try await server.restart(.immediate)
                #expect(try await fixture.pending() == 2000 - report.processed)
                let rest = try await fixture.drain(StubEncoder())
                #expect(rest.exitReason == .drained)
                try await checker.expectIntact(report, rest)
            }
        }
    }
}

extension DatasetFixture {
    /// Inserts eligible rows with descriptions of this length, which stay within the table.
    fileprivate func insertLong(_ count: Int, characters: Int) async throws {
        try await database.run(
            """
            INSERT INTO datasets (title, description, enrichment_status)
            SELECT 'Dataset ' || i, repeat(md5(i::text), \(characters / 32)), 'enriched'
            FROM generate_series(1, \(count)) AS i
            """)
    }
}
