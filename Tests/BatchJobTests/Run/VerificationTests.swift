import BatchJob
import DatasetTable
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("A verification", .requiresPostgres)
struct VerificationTests {
    let encoder = StubEncoder()

    @Test("confirms what a run has written")
    func confirmsDrain() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(150)
            _ = try await fixture.drain(encoder)
            let report = try await fixture.verify(encoder) { $0.sampleSize = 120 }
            #expect(report.exitReason == .verified && report.exitReason.exitCode == 0)
            #expect(report.checked == 120 && report.exact == 120 && report.different == 0)
            #expect(report.states?.current == 150 && report.states?.unknown == 0)
            #expect(try #require(report.smallestCosine) > 0.999999)
        }
    }

    @Test("tells current, stale, foreign and unknown vectors apart")
    func countsStates() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(50)
            _ = try await fixture.drain(encoder)
            try await database.run(
                """
                UPDATE datasets SET title = 'Edited' WHERE id <= 3;
                UPDATE embedding_state SET model_fingerprint = '\\x0badcafe' WHERE dataset_id BETWEEN 4 AND 10;
                DELETE FROM embedding_state WHERE dataset_id BETWEEN 11 AND 15;
                -- Another model and another text: foreign. Without a vector, or not eligible: not counted.
                UPDATE datasets SET title = 'Edited' WHERE id = 4;
                UPDATE datasets SET embedding = NULL WHERE id = 20;
                UPDATE datasets SET is_active = false WHERE id = 21
                """)
            let report = try await fixture.verify(encoder) { $0.sampleSize = 1 }
            let states = try #require(report.states)
            #expect((states.current, states.stale, states.foreign, states.unknown) == (33, 3, 7, 5))
            #expect(report.exitReason == .findings && report.exitReason.exitCode == 65)
        }
    }

    @Test("does not mind vectors of unknown origin if they are right, with or without the state table")
    func acceptsUnknown() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            _ = try await fixture.drain(encoder)
            try await database.run("TRUNCATE embedding_state")
            let unknown = try await fixture.verify(encoder)
            #expect(unknown.states?.unknown == 20 && unknown.states?.current == 0)
            #expect(unknown.exitReason == .verified && unknown.exact == 20)

            try await database.run("DROP TABLE embedding_state")
            let absent = try await fixture.verify(encoder)
            #expect(absent.states == nil && absent.exitReason == .verified && absent.exact == 20)
            #expect(absent.json.contains(#""current":null,"stale":null,"foreign":null,"unknown":null"#))
        }
    }

    @Test(
        "finds a foreign or an outdated vector by itself, at once",
        arguments: [
            "UPDATE embedding_state SET model_fingerprint = '\\x00' WHERE dataset_id = 7",
            "UPDATE datasets SET title = 'Edited' WHERE id = 7",
        ])
    func reportsSingleFinding(interference: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            _ = try await fixture.drain(encoder)
            try await database.run(interference)
            // A sample that does not hold the row: the count alone must tell.
            var seed: Int64 = 0
            while try await sampledKeys(fixture, 1, seed: seed) == [7] { seed += 1 }
            let report = try await fixture.verify(encoder) { ($0.sampleSize, $0.seed) = (1, seed) }
            #expect(report.different == 0 && report.exitReason == .findings)
        }
    }

    @Test("finds vectors that somebody else wrote, and names the rows", arguments: [true, false])
    func findsForgedVectors(hasState: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            _ = try await fixture.drain(encoder)
            if !hasState { try await database.run("DROP TABLE embedding_state") }
            try await database.run("UPDATE datasets SET embedding = '[0,0,0,0]' WHERE id IN (5, 17)")
            let log = RecordedLog()
            let report = try await fixture.verify(encoder, log: log.logger)
            #expect(report.exitReason == .findings && report.different == 2 && report.exact == 38)
            #expect(report.smallestCosine == 0)
            #expect(Set(log.entries("vector differs").map { $0.values["row"] }) == ["5", "17"])
        }
    }

    @Test("names at most twenty rows and counts the others")
    func limitsNames() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(250)
            try await database.run("UPDATE datasets SET embedding = '[1,0,0,0]'")
            let log = RecordedLog()
            let report = try await fixture.verify(encoder, log: log.logger) { $0.sampleSize = 230 }
            #expect(report.checked == 230 && report.different > 200)
            #expect(log.entries("vector differs").count == 20)
            #expect(log.entries("more vectors differ").map { $0.values["count"] } == ["\(report.different - 20)"])
        }
    }

    @Test(
        "tells a vector that is exact from one that is close, and both from another",
        arguments: [(Float(9e-6), [1, 0, 0]), (1.1e-5, [0, 1, 0]), (4.9e-4, [0, 1, 0]), (5.1e-4, [0, 0, 1])]
            as [(Float, [Int])])
    func bounds(difference: Float, counts: [Int]) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            var vector = encoder.vector(of: "Dataset 1 Dataset 1 About number 1")
            vector[2] += difference
            try await database.run("UPDATE datasets SET embedding = '\(vector)'")
            let report = try await fixture.verify(encoder)
            #expect([report.exact, report.close, report.different] == counts)
            #expect(report.exitReason == (counts[2] == 0 ? .verified : .findings))
        }
    }

    @Test("allows half precision what it rounds by")
    func halfVectors() async throws {
        try await withTemporaryDatabase { database in
            let encoder = StubEncoder(dimension: 384)
            let fixture = try await DatasetFixture(database, dimension: 384)
            try await database.run("ALTER TABLE datasets ALTER COLUMN embedding TYPE halfvec(384)")
            try await fixture.insert(100)
            _ = try await fixture.drain(encoder)
            let report = try await fixture.verify(encoder)
            #expect(report.exact == 100 && report.exitReason == .verified)
            let smallest = try #require(report.smallestCosine)
            #expect(smallest < 1 && smallest > 1 - 0x1p-23)
        }
    }

    @Test("finds a vector whose row has lost its text, or gets none from the encoder")
    func textWithoutVector() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            _ = try await fixture.drain(encoder)
            try await database.run(
                """
                UPDATE datasets SET title = '', description = NULL WHERE id = 4;
                UPDATE datasets SET title = '\(StubEncoder.Marker.throwing.rawValue)' WHERE id = 9
                """)
            let log = RecordedLog()
            let report = try await fixture.verify(encoder, log: log.logger)
            #expect(report.checked == 30 && report.different == 2)
            let found = log.entries("vector differs").map { [$0.values["row"], $0.values["code"]] }
            #expect(Set(found) == [["4", "NO_TEXT"], ["9", "Failure"]])
        }
    }

    @Test("checks the same rows for the same seed, and others for another")
    func sampleIsReproducible() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(400)
            _ = try await fixture.drain(encoder)
            let first = try await sampledKeys(fixture, 40, seed: 1)
            // Rows that move about in the table are still the same rows.
            try await database.run("UPDATE datasets SET view_count = id % 7; CLUSTER datasets USING datasets_pkey")
            #expect(try await sampledKeys(fixture, 40, seed: 1) == first)
            let other = try await sampledKeys(fixture, 40, seed: 2)
            #expect(first.count == 40 && other.count == 40 && first.intersection(other).count < 20)
            // A smaller sample is the beginning of a larger one.
            #expect(try await sampledKeys(fixture, 10, seed: 1).isSubset(of: first))
            // Not the first rows of the table.
            #expect(try #require(first.max()) > 300)
        }
    }

    private func sampledKeys(_ fixture: DatasetFixture, _ count: Int, seed: Int64) async throws -> Set<Int> {
        let seen = Recorder()
        let recording = StubEncoder { texts in await seen.add(texts.filter { $0.hasPrefix("Dataset") }) }
        _ = try await fixture.verify(recording) { ($0.sampleSize, $0.seed) = (count, seed) }
        return Set(await seen.texts.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } })
    }

    @Test("needs the right to read and no other, and reads in transactions that cannot write")
    func onlyReads() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            _ = try await fixture.drain(encoder)
            let columns = "id, title, description, enrichment_status, is_active, embedding"
            let grants = ["SELECT (\(columns)) ON datasets", "SELECT ON embedding_state"]
            try await fixture.withReadOnlyRole(grants) { url in
                let report = try await fixture.verify(encoder, url: url)
                #expect(report.exact == 40 && report.states?.current == 40 && report.exitReason == .verified)
            }
        }
    }

    @Test("holds no snapshot while texts are encoded")
    func holdsNoSnapshot() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            _ = try await fixture.drain(encoder)
            let looking = StubEncoder { _ in
                let held = try await database.query(
                    """
                    SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()
                        AND application_name = 'embedding-job test' AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)
                    """)
                #expect(try #require(held.first).int64("n") == 0)
            }
            #expect(try await fixture.verify(looking).exact == 20)
        }
    }

    @Test("refuses a column that the model's vectors do not fit")
    func refusesDimension() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let failure = await #expect(throws: RunFailure.self) { try await fixture.verify(StubEncoder(dimension: 8)) }
            #expect(failure?.reason == .configuration && failure?.description.contains("4 components") == true)
        }
    }

    @Test("blames no vector on an encoder that no longer works")
    func brokenMachine() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            _ = try await fixture.drain(encoder)
            let once = Once()
            let broken = StubEncoder { _ in if await !once.first() { throw StubEncoder.Failure() } }
            let report = try await fixture.verify(broken)
            #expect(report.exitReason == .canary && report.different == 0)
        }
    }

    @Test("prints its numbers in a fixed order, the cosine rounded down")
    func line() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(3)
            _ = try await fixture.drain(encoder)
            var report = try await fixture.verify(encoder)
            (report.model, report.fingerprint) = ("mini", "0707")
            let line = report.json
            let counts = #"{"checked":3,"exact":3,"close":0,"different":0,"#
            #expect(line.hasPrefix(counts + #""current":3,"stale":0,"foreign":0,"unknown":0,"#))
            #expect(line.hasSuffix(#","model":"mini","fingerprint":"0707","exit_reason":"verified"}"#))
            let cosine = try #require(line.firstMatch(of: /"smallest_cosine":([0-9.]+),/)).output.1
            #expect(try #require(Double(cosine)) <= 1 && cosine.count <= 9)
        }
    }
}
