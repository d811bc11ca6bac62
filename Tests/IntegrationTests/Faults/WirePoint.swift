import JobTestSupport
import PostgresTestSupport

/// A point in the work on a batch, told by what goes over the wire.
enum WirePoint: String, CaseIterable, Sendable {
    case claim = "nothing is claimed"
    case read = "claimed, nothing read"
    case encode = "read, nothing encoded"
    case write = "encoded, nothing written"
    case commit = "written, COMMIT held back"
    case answer = "committed, the answer held back"
    case nextClaim = "the answer has come, the next claim held back"

    /// What the proxy holds back at this point, with everything after it.
    var text: String {
        switch self {
        case .claim, .nextClaim: "pg_try_advisory_xact_lock"
        // Statements are told by their first line, after the zero that ends their name: the preflight has the server explain
        // the same ones.
        case .read: "\0-- The rows of a list that still qualify"
        // The comment in front of the statement that follows the read.
        case .encode: "The portal of the read keeps its snapshot"
        case .write: "\0-- The one statement that correctness rests on"
        // With the end of the message: every BEGIN says READ COMMITTED.
        case .commit, .answer: "COMMIT\0"
        }
    }

    var direction: FaultProxy.Direction { self == .answer ? .serverToClient : .clientToServer }

    /// Whether the first batch is committed; the second worker may be as far with one of its own.
    var isCommitted: Bool { self == .answer || self == .nextClaim }

    /// How many rows may be visible if the process dies at this point.
    var visibleCounts: [Int] { isCommitted ? [ProxiedJob.batchSize, 2 * ProxiedJob.batchSize] : [0] }
}

extension ProxiedJob {
    /// Starts a run and waits until it has come to a point, where it stays until the proxy is told otherwise.
    func start(
        at point: WirePoint, _ arguments: [String] = [], errors: BuiltExecutable.Output = .kept, launcher: [String] = []
    ) async throws -> RunningJob {
        let first = point == .nextClaim ? .commit : point
        let before = proxy.occurrences(of: first.text, first.direction)
        proxy.set(.holdFrom(first.text), for: first.direction)
        let run = try start(arguments, errors: errors, launcher: launcher)
        try await proxy.waitUntil(seen: first.text, times: before + 1, first.direction)
        guard point == .nextClaim else { return run }
        let claims = proxy.occurrences(of: point.text, .clientToServer)
        proxy.set(.holdFrom(point.text), for: .clientToServer)
        try await proxy.waitUntil(seen: WirePoint.answer.text, .serverToClient)
        try await proxy.waitUntil(seen: point.text, times: claims + 1, .clientToServer)
        return run
    }
}
