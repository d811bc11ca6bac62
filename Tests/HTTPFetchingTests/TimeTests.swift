import HTTPFetching
import HTTPTestSupport
import Testing

@Suite("Time", .timeLimit(.minutes(30)))
struct TimeTests {
    // MARK: - Limits

    @Test("does not wait for ever for the first byte, a whole header or a whole body")
    func limits() async throws {
        let gate = try StubGate()
        let trickle = Array(repeating: UInt8(ascii: " "), count: 1_000_000)
        let slow: [(StubReply, String)] = [
            (.silent(until: gate, then: .json("[]")), "no answer within 0.2 s"),
            (StubReply([.trickle(StubReply.head(200, [("X-Long", "x")]), milliseconds: 20)]), "no answer within 0.2 s"),
            (.held("[]", until: gate), "no whole body within 0.2 s"),
            (.trickled(String(decoding: trickle, as: UTF8.self), milliseconds: 20), "no whole body within 0.2 s"),
        ]
        for (reply, reason) in slow {
            let stub = try replying(reply)
            let change = { (options: inout HTTPFetcher.Options) in
                options.firstByteTimeout = .milliseconds(200)
                options.bodyTimeout = .milliseconds(200)
                options.mostTries = 2
            }
            try await withFetcher(stub, change: change) { fetcher in
                let failure = try await failure(of: fetcher)
                let place = "127.0.0.1:\(stub.port)/items"
                #expect(failure == .unavailable(tries: 2, reason: reason, place: place))
                #expect(stub.requests.count == 2)
            }
        }
    }

    @Test("goes on after an answer that did not come in time")
    func slowOnce() async throws {
        let gate = try StubGate()
        let stub = try replying(.held("[1]", until: gate), .json("[2]"))
        try await withFetcher(stub, change: { $0.bodyTimeout = .milliseconds(100) }) { fetcher async throws in
            #expect(try await fetcher.get("/items").body == Array("[2]".utf8))
        }
    }

    @Test("waits for an answer that comes late but in time")
    func late() async throws {
        let gate = try StubGate()
        let stub = try replying(.held("[1]", until: gate))
        try await withFetcher(stub) { fetcher async throws in
            async let answer = fetcher.get("/items")
            await gate.reached()
            gate.open()
            #expect(try await answer.body == Array("[1]".utf8))
        }
    }

    // MARK: - The end of all fetching

    @Test("does not begin to wait beyond the deadline")
    func deadline() async throws {
        let stub = try replying(.status(429, [("Retry-After", "60")]))
        let clock = TestClock()
        let deadline = clock.now + .seconds(60)
        try await withFetcher(stub, clock, change: { $0.deadline = deadline }) { fetcher async throws in
            #expect(try await failure(of: fetcher) == .outOfTime(place: "127.0.0.1:\(stub.port)/items"))
            #expect(clock.waits.isEmpty)
            #expect(stub.requests.count == 1)
            clock.advance(by: .seconds(61))
            #expect(try await failure(of: fetcher) == .outOfTime(place: "127.0.0.1:\(stub.port)/items"))
            #expect(stub.requests.count == 1)
        }
    }

    @Test("waits up to the deadline")
    func beforeDeadline() async throws {
        let stub = try replying(.status(429, [("Retry-After", "59")]), .json("[]"))
        let clock = TestClock()
        let deadline = clock.now + .seconds(60)
        try await withFetcher(stub, clock, change: { $0.deadline = deadline }) { fetcher async throws in
            #expect(try await fetcher.get("/items").body.isEmpty == false)
        }
    }

    // MARK: - Cancellation

    @Test("ends a wait when it is cancelled")
    func cancelledWait() async throws {
        let (waiting, begun) = AsyncStream<Void>.makeStream()
        var timing = TestClock(random: 1).timing
        timing.sleep = { _ in
            begun.yield()
            try await Task.sleep(for: .seconds(3600))
        }
        let stub = try replying(.status(503))
        try await withFetcher(stub, timing: timing) { fetcher in
            let task = Task { try await fetcher.get("/items") }
            for await _ in waiting { break }
            task.cancel()
            await #expect(throws: HTTPFailure.cancelled) { try await task.value }
            #expect(stub.requests.count == 1)
        }
    }

    @Test("ends a request when it is cancelled, before the answer or in its body", arguments: [true, false])
    func cancelledRequest(isInBody: Bool) async throws {
        let gate = try StubGate()
        let stub = try replying(
            isInBody ? .held("[]", until: gate) : .silent(until: gate, then: .json("[]")), .json("[2]"))
        try await withFetcher(stub) { fetcher async throws in
            let task = Task { try await fetcher.get("/items") }
            await gate.reached()
            task.cancel()
            await #expect(throws: HTTPFailure.cancelled) { try await task.value }
            #expect(stub.requests.count == 1)
            // The next one is not in its way.
            #expect(try await fetcher.get("/items").body == Array("[2]".utf8))
        }
    }

    @Test("ends the wait for one's turn when it is cancelled")
    func cancelledTurn() async throws {
        let gate = try StubGate()
        let stub = try replying(.silent(until: gate, then: .json("[1]")), .json("[2]"))
        try await withFetcher(stub) { fetcher async throws in
            let first = Task { try await fetcher.get("/items") }
            await gate.reached()
            let second = Task { try await fetcher.get("/items") }
            second.cancel()
            await #expect(throws: HTTPFailure.cancelled) { try await second.value }
            gate.open()
            #expect(try await first.value.body == Array("[1]".utf8))
            #expect(try await fetcher.get("/items").body == Array("[2]".utf8))
        }
    }

    // MARK: - Pace

    @Test("sends one request at a time, whoever asks")
    func turns() async throws {
        let stub = try SourceStub { .json("[\($0.number)]") }
        try await withFetcher(stub) { fetcher in
            let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for number in 0..<20 { group.addTask { try await fetcher.get("/items?\(number)").body } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(bodies.count == 20)
            #expect(stub.requests.count == 20)
            #expect(stub.connections == 1)
        }
    }

    @Test("lets nobody else ask while a request waits to be sent again")
    func turnsDuringWaits() async throws {
        let other = try replying(.json("[]"))
        let stub = try replying(.status(429, [("Retry-After", "9")]), .json("[]"))
        let (waiting, begun) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        var timing = TestClock().timing
        timing.sleep = { _ in
            begun.yield()
            for await _ in released { return }
        }
        try await withFetcher(stub, timing: timing) { fetcher in
            async let first = fetcher.get("/first")
            for await _ in waiting { break }
            async let second = fetcher.get("/second")
            // Time enough for the second to be sent, were it not held back.
            try await withFetcher(other) { for _ in 1...50 { _ = try await $0.get("/") } }
            release.yield()
            _ = try await (first, second)
        }
        #expect(stub.requests.map(\.target) == ["/first", "/first", "/second"])
    }

    @Test("spaces requests evenly")
    func perSecond() async throws {
        let stub = try replying(.json("[]"))
        let clock = TestClock()
        try await withFetcher(stub, clock, change: { $0.pace = .perSecond(4) }) { fetcher in
            for _ in 1...3 { _ = try await fetcher.get("/items") }
            #expect(clock.waits == [.milliseconds(250), .milliseconds(250)])
            // Time that has gone by otherwise counts.
            clock.advance(by: .milliseconds(200))
            _ = try await fetcher.get("/items")
            #expect(clock.waits.last == .milliseconds(50))
            clock.advance(by: .seconds(5))
            _ = try await fetcher.get("/items")
            #expect(clock.waits.count == 3)
            #expect(fetcher.usage().waited == .milliseconds(550))
        }
    }

    @Test("spaces requests as the header RateLimit allows, with a tenth kept back")
    func rateLimit() async throws {
        let limits = [
            ("r=100;t=90", Duration.seconds(1)), ("r=10;t=90", .seconds(10)), ("r=1;t=30", .seconds(31)),
            ("r=0;t=7", .seconds(8)), ("nonsense", .zero), ("r=-1;t=5", .zero), ("r=0;t=1000000000000", .zero),
        ]
        let stub = try SourceStub { request in
            .json("[]", [("RateLimit", "\"api\";\(limits[request.number - 1].0)")])
        }
        let clock = TestClock()
        try await withFetcher(stub, clock) { fetcher in
            for _ in limits { _ = try await fetcher.get("/items") }
        }
        #expect(clock.waits == limits.map(\.1).filter { $0 > .zero })
    }
}
