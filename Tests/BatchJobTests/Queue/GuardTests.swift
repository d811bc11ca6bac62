import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// What the application does between our read and our write.
@Suite("The guarded write", .requiresPostgres)
struct GuardTests {
    /// A change of row 5 while it is being encoded, and whether it may have a vector at the end of that batch.
    enum Interference: String, CaseIterable, Sendable {
        case editTitle = "UPDATE datasets SET title = 'Edited' WHERE id = 5"
        case editDescription = "UPDATE datasets SET description = 'Edited' WHERE id = 5"
        case delete = "DELETE FROM datasets WHERE id = 5"
        case deactivate = "UPDATE datasets SET is_active = false WHERE id = 5"
        case changeStatus = "UPDATE datasets SET enrichment_status = 'pending' WHERE id = 5"
        case writeVector = "UPDATE datasets SET embedding = '[0,0,0,1]' WHERE id = 5"
        case editAndBack =
            "UPDATE datasets SET title = 'x' WHERE id = 5; UPDATE datasets SET title = 'Dataset 5' WHERE id = 5"
    }

    @Test("writes no row that changed since it was read, and all the others", arguments: Interference.allCases)
    func dropsChangedRows(interference: Interference) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.contains("number 5") }), await once.first() else { return }
                try await database.run(interference.rawValue)
            }
            // One attempt at each row, so that the second pass does not hide what the first one did.
            let report = try await fixture.drain(encoder, connections: 1) { ($0.batchSize, $0.limit) = (20, 20) }
            let isSameInput = interference == .editAndBack
            #expect(report.processed == (isSameInput ? 20 : 19))
            #expect(report.skippedStale == (isSameInput ? 0 : 1))
            if interference == .writeVector {
                try await database.run("UPDATE datasets SET embedding = NULL WHERE id = 5 AND embedding = '[0,0,0,1]'")
            }
            try await fixture.expectNoStaleVector(encoder)
        }
    }

    @Test("embeds the new text of an edited row in the same run")
    func nextPassEmbedsEdit() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.contains("number 5") }), await once.first() else { return }
                try await database.run(Interference.editTitle.rawValue)
            }
            let report = try await fixture.drain(encoder)
            #expect(report.processed == 20 && report.skippedStale == 1)
            #expect(try await fixture.expectNoStaleVector(encoder) == 20)
        }
    }

    @Test("does not wait for a row that the application has locked")
    func skipsLockedRows() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let application = try await database.connect()
            try await application.executeScript(
                .init(name: "lock", sql: "BEGIN; SELECT FROM datasets WHERE id = 5 FOR UPDATE"))
            let report = try await fixture.drain(StubEncoder()) { $0.limit = 20 }
            #expect(report.processed == 19 && report.skippedLocked == 1 && report.skippedStale == 0)
            await application.close()
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
        }
    }

    @Test("keeps no row locked while encoding")
    func blocksNobody() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let encoder = StubEncoder { texts in
                guard texts.count > 1 else { return }
                // Fails at once if any row is locked by the run.
                try await database.run("BEGIN; SELECT FROM datasets FOR UPDATE NOWAIT; ROLLBACK")
                let state = try await database.query(
                    """
                    SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()
                        AND application_name = 'embedding-job test' AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)
                    """)
                let open = try #require(state.first).int64("n")
                #expect(open == 0)
            }
            let report = try await fixture.drain(encoder, connections: 1)
            #expect(report.processed == 20 && report.failed == 0)
        }
    }

    @Test("lets several drains share the table without encoding a row twice")
    func claimsKeepDrainsApart() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(400)
            let seen = Recorder()
            let encoder = StubEncoder { texts in
                await seen.add(texts.filter { $0.hasPrefix("Dataset") })
                await Task.yield()
            }
            let reports = try await withThrowingTaskGroup(of: RunReport.self) { group in
                for _ in 0..<4 { group.addTask { try await fixture.drain(encoder) { $0.batchSize = 20 } } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.reduce(0) { $0 + $1.processed } == 400)
            #expect(try await fixture.pending() == 0)
            // A pass may read a shard just before its last rows are committed elsewhere; the guard then drops them.
            #expect(await seen.texts.count <= 440)
        }
    }
}

/// True once.
actor Once {
    private var isFirst = true

    func first() -> Bool {
        defer { isFirst = false }
        return isFirst
    }
}
