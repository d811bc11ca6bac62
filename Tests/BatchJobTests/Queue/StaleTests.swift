import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// Replacing vectors that no longer belong to their row's text, or came from another model.
@Suite("Replacing outdated vectors", .requiresPostgres)
struct StaleTests {
    private static let otherModel = Fingerprint([UInt8](repeating: 9, count: 32))

    @Test("embeds edited rows again and does not touch the others")
    func replacesEdited() async throws {
        try await withFilledTable(50) { fixture, checker in
            let database = fixture.database
            try await database.run("UPDATE datasets SET description = 'Edited' WHERE id IN (7, 8, 9)")
            let versions = "SELECT xmin FROM datasets WHERE id NOT IN (7, 8, 9) ORDER BY id"
            let before = try await database.texts(versions)
            let report = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(report.processed == 3 && report.remaining == 0 && report.exitReason == .drained)
            #expect(try await checker.replacements() == 3)
            #expect(try await database.texts(versions) == before)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 50)

            let rerun = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(rerun.processed == 0 && rerun.failed == 0)
        }
    }

    @Test("is not done unless asked for")
    func isOptional() async throws {
        try await withFilledTable(10) { fixture, checker in
            try await fixture.database.run("UPDATE datasets SET description = 'Edited' WHERE id = 7")
            #expect(try await fixture.drain(StubEncoder()).processed == 0)
            #expect(try await checker.replacements() == 0)
        }
    }

    @Test("replaces the vectors of another model and notes the new one")
    func replacesForeign() async throws {
        try await withFilledTable(30) { fixture, checker in
            let report = try await fixture.drain(StubEncoder(), model: Self.otherModel) {
                ($0.replacesOutdated, $0.replacesMany, $0.batchSize) = (true, true, 8)
            }
            #expect(report.processed == 30 && report.exitReason == .drained)
            #expect(try await checker.replacements() == 30)
            let models = "SELECT DISTINCT encode(model_fingerprint, 'hex') FROM embedding_state"
            #expect(try await fixture.database.texts(models) == [String(repeating: "09", count: 32)])
        }
    }

    @Test("leaves vectors of unknown origin alone unless told otherwise")
    func unknownOrigin() async throws {
        try await withFilledTable(30) { fixture, checker in
            try await fixture.database.run(
                """
                DELETE FROM embedding_state WHERE dataset_id IN (1, 2);
                UPDATE datasets SET title = 'Edited' WHERE id = 2
                """)
            let cautious = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(cautious.processed == 0)
            let report = try await fixture.drain(StubEncoder()) {
                ($0.replacesOutdated, $0.replacesUnknown) = (true, true)
            }
            #expect(report.processed == 2 && report.exitReason == .drained)
            #expect(try await checker.replacements() == 2)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 30)
        }
    }

    @Test("comes after the rows that have no vector, and within the limit")
    func missingFirst() async throws {
        try await withFilledTable(50) { fixture, checker in
            try await fixture.database.run("UPDATE datasets SET title = 'Edited' WHERE id <= 5")
            try await fixture.insert(20, titled: "New")
            let seen = Recorder()
            let encoder = StubEncoder { await seen.add($0) }
            let report = try await fixture.drain(encoder, connections: 1) {
                ($0.replacesOutdated, $0.limit, $0.batchSize) = (true, 23, 8)
            }
            #expect(report.processed == 23 && report.exitReason == .limit && report.remaining == 2)
            let order = await seen.texts.filter { !$0.contains("canary") }.map { $0.hasPrefix("New") }
            #expect(order == Array(repeating: true, count: 20) + Array(repeating: false, count: 3))
            #expect(try await checker.replacements() == 3)
        }
    }

    @Test("needs a yes for more than a fifth of all vectors, whatever the limit", arguments: [nil, 1])
    func blastRadius(limit: Int?) async throws {
        try await withFilledTable(10) { fixture, checker in
            try await fixture.database.run("UPDATE datasets SET title = 'Edited' WHERE id <= 3")
            try await fixture.insert(1, titled: "New")
            // Eleven vectors, once the missing one is written.
            let refused = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(refused.exitReason == .blastRadius && refused.exitReason.exitCode == 78)
            #expect(refused.processed == 1)
            let limited = try await fixture.drain(StubEncoder()) { ($0.replacesOutdated, $0.limit) = (true, limit) }
            #expect(limited.exitReason == .blastRadius && limited.processed == 0)
            #expect(try await checker.replacements() == 0)

            let agreed = try await fixture.drain(StubEncoder()) {
                ($0.replacesOutdated, $0.replacesMany) = (true, true)
            }
            #expect(agreed.exitReason == .drained && agreed.processed == 3)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 11)
        }
    }

    @Test("needs no yes for a fifth")
    func withinBlastRadius() async throws {
        try await withFilledTable(10) { fixture, _ in
            try await fixture.database.run("UPDATE datasets SET title = 'Edited' WHERE id <= 2")
            let report = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(report.processed == 2)
        }
    }

    /// What somebody else does to row 5 between our read and our write.
    enum Interference: String, CaseIterable, Sendable {
        case edit = "UPDATE datasets SET title = 'Again' WHERE id = 5"
        case delete = "DELETE FROM datasets WHERE id = 5"
        case deactivate = "UPDATE datasets SET is_active = false WHERE id = 5"
        case remove = "UPDATE datasets SET embedding = NULL WHERE id = 5"
        case replace = """
            WITH replaced AS (UPDATE datasets SET embedding = '[0,0,0,1]' WHERE id = 5 RETURNING id)
            UPDATE embedding_state SET source_fingerprint = sha256(convert_to('Edited Edited About number 5', 'UTF8'))
            WHERE dataset_id = 5
            """
    }

    @Test("does not overwrite a row that changed since it was read", arguments: Interference.allCases)
    func guardsOverwrite(interference: Interference) async throws {
        try await withFilledTable(40) { fixture, checker in
            let database = fixture.database
            try await database.run("UPDATE datasets SET title = 'Edited' WHERE id BETWEEN 3 AND 8")
            let kept = try await database.texts("SELECT embedding FROM datasets WHERE id = 5")
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Edited") }), await once.first() else { return }
                try await database.run(interference.rawValue)
            }
            // One attempt at each row, so that a later pass does not hide what the first one did.
            let report = try await fixture.drain(encoder, connections: 1) {
                ($0.replacesOutdated, $0.limit) = (true, 6)
            }
            #expect(report.processed == 5 && report.skippedStale == 1)
            #expect(try await checker.replacements() == 5)
            let now = try await database.texts("SELECT embedding FROM datasets WHERE id = 5")
            switch interference {
            case .edit, .deactivate: #expect(now == kept)
            case .delete: #expect(now == [])
            case .remove: #expect(now == ["NULL"])
            case .replace: #expect(now == ["[0,0,0,1]"])
            }
        }
    }

    @Test("counts once what was overwritten by a COMMIT whose answer was lost")
    func lostAnswer() async throws {
        try await withFilledTable(40) { fixture, checker in
            try await fixture.database.run("UPDATE datasets SET title = 'Edited ' || id WHERE id <= 6")
            try await withFaultProxy(to: fixture.database.url) { proxy in
                let seen = Recorder()
                let encoder = StubEncoder { texts in
                    guard texts.contains(where: { $0.hasPrefix("Edited") }) else { return }
                    await seen.add(texts)
                    guard await seen.texts.count == texts.count else { return }
                    proxy.set(.cutInsteadOf("COMMIT"), for: .serverToClient)
                }
                let url = try proxy.url(from: fixture.database.url)
                let report = try await fixture.drain(encoder, connections: 1, url: url) {
                    ($0.replacesOutdated, $0.batchSize) = (true, 3)
                }
                #expect(report.processed == 6 && report.exitReason == .drained)
                #expect(await seen.texts.count == 6)
            }
            #expect(try await checker.replacements() == 6)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 40)
        }
    }

    @Test("adds what is held back and what remains to what the missing rows left")
    func sumsPhases() async throws {
        try await withFilledTable(40) { fixture, _ in
            let database = fixture.database
            let poison = StubEncoder.Marker.zero.rawValue
            try await database.run("UPDATE datasets SET title = '\(poison)' WHERE id IN (1, 2)")
            try await fixture.insert(1, titled: poison)
            try await fixture.insert(2, titled: "New")
            let application = try await database.connect()
            try await application.executeScript(
                .init(name: "lock", sql: "BEGIN; SELECT FROM datasets WHERE title = 'New 1' FOR UPDATE"))
            let report = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(report.processed == 1 && report.failed == 3 && report.exitReason == .drained)
            #expect(report.quarantined == 3 && report.remaining == 1)
            await application.close()
        }
    }

    @Test("is a matter of configuration without the state table")
    func needsState() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(3)
            try await database.run("DROP TABLE embedding_state")
            let failure = await #expect(throws: RunFailure.self) {
                try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            }
            #expect(failure?.reason == .configuration)
            #expect(failure?.description.contains("embedding_state") == true)
            #expect(try await fixture.pending() == 3)
        }
    }

    /// A table whose rows all have current vectors; the checker counts from there.
    private func withFilledTable(
        _ count: Int, _ body: (DatasetFixture, InvariantChecker) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(count)
            #expect(try await fixture.drain(StubEncoder()).processed == count)
            try await body(fixture, try await InvariantChecker(fixture))
        }
    }
}
