import Foundation
import HTTPFetching
import HTTPTestSupport
import Logging
import Synchronization
import Testing

/// A clock that goes on without anybody waiting, and remembers how long it was asked to wait.
final class TestClock: Sendable {
    private struct State {
        var elapsed = Duration.zero
        var waits: [Duration] = []
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())
    private let random: Double

    /// 2026-11-26 12:00:00 UTC, a Thursday.
    static let secondsSince1970 = 1_795_694_400

    /// With random numbers that are all the same.
    init(random: Double = 0) {
        self.random = random
    }

    var waits: [Duration] { state.withLock(\.waits) }
    var now: ContinuousClock.Instant { start + state.withLock(\.elapsed) }

    func advance(by duration: Duration) {
        state.withLock { $0.elapsed += duration }
    }

    var timing: Timing {
        Timing(
            now: { self.now },
            secondsSince1970: { Self.secondsSince1970 + Int(self.state.withLock(\.elapsed).components.seconds) },
            sleep: { duration in
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.waits.append(duration)
                    state.elapsed += duration
                }
            },
            random: { self.random })
    }
}

/// Keeps what is logged, as lines.
final class LogLines: Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        let log: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let values = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted().joined(separator: " ")
            log.recorded.withLock { $0.append("\(event.level) \(event.message) \(values)") }
        }
    }
}

/// What must not be seen anywhere but in the header of requests to the stub itself.
let secretKey = "Bearer hf_verysecret"

/// A stub that gives these replies one after the other, and the last one again and again.
func replying(_ replies: StubReply...) throws -> SourceStub {
    try SourceStub { replies[min($0.number, replies.count) - 1] }
}

/// Hands a fetcher for the stub to the body, and shuts it down whether or not the body throws.
func withFetcher<Result>(
    _ stub: SourceStub, _ clock: TestClock = TestClock(), log: LogLines = LogLines(), timing: Timing? = nil,
    change: (inout HTTPFetcher.Options) -> Void = { _ in }, _ body: (HTTPFetcher) async throws -> Result
) async throws -> Result {
    var options = HTTPFetcher.Options(
        baseURL: stub.baseURL, authorization: secretKey, userAgent: "tests (nobody@example.org)", pace: .rateLimitHeader
    )
    change(&options)
    let fetcher = try HTTPFetcher(options, logger: log.logger, timing: timing ?? clock.timing)
    do {
        let result = try await body(fetcher)
        await fetcher.shutdown()
        return result
    } catch {
        await fetcher.shutdown()
        throw error
    }
}

/// An answer with its body.
struct WholeAnswer: Sendable {
    let answer: HTTPFetcher.Answer
    let body: [UInt8]

    var next: String? { answer.next }
    var place: String { answer.place }
    var target: String { answer.target }
}

extension HTTPFetcher {
    /// Gets a body as it came, if it is JSON.
    func get(_ target: String) async throws(HTTPFailure) -> WholeAnswer {
        let got = try await get(target) { body in
            _ = try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed)
            return body
        }
        return WholeAnswer(answer: got.answer, body: got.value)
    }
}

/// Hands the failure of a request to the test, which fails if there is none.
func failure(of fetcher: HTTPFetcher, _ target: String = "/items") async throws -> HTTPFailure {
    try await #require(throws: HTTPFailure.self) { try await fetcher.get(target) }
}
