import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing
import Tokenization

@Suite("A text whose vector is known", .requiresPostgres)
struct CanaryTests {
    private static let text = "a known text"
    private static let advice = "no canary is known for this model"

    /// The canary with the vector that the stub gives it, one component of which may be changed.
    private func canary(_ change: (inout [Float]) -> Void = { _ in }) async throws -> Canary {
        let stub = StubEncoder()
        var vector = try await stub.encode([stub.tokenize(Self.text)])[0]
        change(&vector)
        return Canary(text: Self.text, vector: vector)
    }

    @Test("lets the run begin when it gets that vector, within 1e-4")
    func match() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            let log = RecordedLog()
            let canaries = [try await canary(), try await canary { $0[1] += 9e-5 }]
            let report = try await fixture.drain(StubEncoder(canaries: canaries), log: log.logger)
            #expect(report.exitReason == .drained && report.processed == 5)
            #expect(log.entries(containing: Self.advice).isEmpty)
        }
    }

    private static let changes: [(String, @Sendable (inout [Float]) -> Void)] = [
        ("a component off by 2e-4", { $0[3] += 2e-4 }), ("a component that is no number", { $0[0] = .nan }),
        ("another sign", { $0 = $0.map { -$0 } }), ("a component less", { $0.removeLast() }),
    ]

    @Test("ends the run before anything is written when it gets another", arguments: changes.indices)
    func mismatch(index: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            let log = RecordedLog()
            let canaries = [try await canary(), try await canary(Self.changes[index].1)]
            let report = try await fixture.drain(StubEncoder(canaries: canaries), log: log.logger)
            #expect(report.exitReason == .canary && report.exitReason.exitCode == 70, "\(Self.changes[index].0)")
            #expect(report.processed == 0 && report.failed == 0)
            #expect(try await database.query("SELECT id FROM datasets WHERE embedding IS NOT NULL").isEmpty)
            let entry = try #require(log.entries("run ended early").first)
            #expect(entry.values["error"]?.contains("nothing was written; compare the model folder") == true)
        }
    }

    @Test("is asked for in one line of the log where there is none")
    func unknown() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger)
            #expect(report.exitReason == .drained)
            #expect(log.entries(containing: Self.advice).count == 1)
        }
    }
}
