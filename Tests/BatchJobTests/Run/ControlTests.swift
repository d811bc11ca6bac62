import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("Ending a run early", .requiresPostgres, .timeLimit(.minutes(30)))
struct ControlTests {
    @Test("on a signal finishes the batches in hand, one for each worker", arguments: [1, 2])
    func stops(connections: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(60)
            let control = RunControl()
            let gate = Gate()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }) else { return }
                // Every connection has a batch before the signal comes.
                await gate.arrive(opensAfter: connections)
                await control.stop()
            }
            let report = try await fixture.drain(encoder, connections: connections, control: control) {
                $0.batchSize = 10
            }
            #expect(report.processed == 10 * connections && report.remaining == 60 - 10 * connections)
            #expect(report.exitReason == .signal && report.exitReason.exitCode == 143)
            let rest = try await fixture.drain(StubEncoder())
            try await checker.expectIntact(report, rest)
        }
    }

    @Test("on a signal is not reported as drained, even if nothing is left")
    func signalDuringLastBatch() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(10)
            let control = RunControl()
            let encoder = StubEncoder { texts in
                if texts.contains(where: { $0.hasPrefix("Dataset") }) { await control.stop() }
            }
            let report = try await fixture.drain(encoder, connections: 1, control: control) { $0.batchSize = 10 }
            #expect(report.processed == 10 && report.remaining == 0)
            #expect(report.exitReason == .signal && report.exitReason.exitCode == 143)
        }
    }

    @Test("after its time begins no batch and says what remains")
    func timeIsOver() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            let report = try await fixture.drain(StubEncoder(), control: RunControl(maxRuntime: .zero))
            #expect(report.processed == 0 && report.remaining == 30)
            #expect(report.exitReason == .maxRuntime && report.exitReason.exitCode == 75)
            #expect(try await fixture.drain(StubEncoder()).processed == 30)
            let idle = try await fixture.drain(StubEncoder(), control: RunControl(maxRuntime: .zero))
            #expect(idle.exitReason == .drained)
        }
    }

    @Test("at the limit has attempted no row more", arguments: [1, 2, 3])
    func limit(connections: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            let seen = Recorder()
            let encoder = StubEncoder { texts in await seen.add(texts.filter { $0.hasPrefix("Dataset") }) }
            let report = try await fixture.drain(encoder, connections: connections) {
                ($0.batchSize, $0.limit) = (7, 25)
            }
            #expect(report.processed == 25 && report.exitReason == .limit && report.remaining == 35)
            #expect(await seen.texts.count == 25)
        }
    }

    @Test("by cancellation gives up the batch in hand and frees its claim at once", arguments: [true, false])
    func cancellation(encoderNotices: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(60)
            let (batches, continuation) = AsyncStream.makeStream(of: Void.self)
            let gate = Gate()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }) else { return }
                continuation.yield()
                await gate.arrive(opensAfter: 2)
                if encoderNotices { try Task.checkCancellation() }
            }
            let run = Task { try await fixture.drain(encoder, connections: 1) { $0.batchSize = 20 } }
            for await _ in batches { break }
            run.cancel()
            await gate.arrive(opensAfter: 2)
            let report = try await run.value
            #expect(report.exitReason == .signal && report.processed == 0 && report.remaining == nil)
            // The transaction of the claim has a lock on the table; this waits for its end, but not for long.
            try await database.run("SET lock_timeout = '5s'; BEGIN; LOCK TABLE datasets; COMMIT")
            #expect(try await checker.firstVectors() == 0)
            let rest = try await fixture.drain(StubEncoder())
            #expect(rest.processed == 60)
            try await checker.expectIntact(report, rest)
        }
    }

    @Test("on a signal does not wait for a database that is away")
    func signalWhileDatabaseIsAway() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            try await withFaultProxy(to: database.url) { proxy in
                let control = RunControl()
                let encoder = StubEncoder { texts in
                    guard texts.contains(where: { $0.hasPrefix("Dataset") }) else { return }
                    try proxy.set(.refused)
                    proxy.cut()
                }
                let log = RecordedLog()
                let url = try proxy.url(from: database.url)
                async let report = fixture.drain(encoder, connections: 1, url: url, control: control, log: log.logger) {
                    $0.retryBudget = .seconds(600)
                }
                await log.wait(for: "trying again")
                await control.stop()
                #expect(try await report.exitReason == .signal)
                #expect(try await report.processed == 0)
            }
            try await checker.expectIntact(try await fixture.drain(StubEncoder()))
        }
    }
}

/// Lets nobody pass until enough have come; then everybody, for good.
actor Gate {
    private var arrived = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func arrive(opensAfter count: Int) async {
        arrived += 1
        guard arrived < count else {
            for continuation in waiting { continuation.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
