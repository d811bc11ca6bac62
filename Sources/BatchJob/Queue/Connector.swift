public import Logging
public import Postgres

internal import DatasetTable

/// Opens connections to one database, and knows for how long one that fails is tried again.
public struct Connector: Sendable {
    /// Opens a connection, once.
    public typealias Open = @Sendable () async throws(PostgresError) -> PostgresSession

    private let openSession: Open
    private let retryBudget: Duration
    private let log: Logger

    /// Takes what opens a connection, and for how long a failing database is tried again.
    public init(retryBudget: Duration, log: Logger, open: @escaping Open) {
        openSession = open
        self.retryBudget = retryBudget
        self.log = log
    }

    /// Opens a connection, once.
    func open() async throws(PostgresError) -> PostgresSession {
        try await openSession()
    }

    /// Opens a connection and runs statements on it, all over again within the budget while the server is absent or goes
    /// away meanwhile.
    ///
    /// - Returns: The connection, which stays open, and what the body found.
    package func open<Finding: Sendable>(
        checking body: (PostgresSession) async throws -> Finding
    ) async throws -> (session: PostgresSession, finding: Finding) {
        let outcome: Result<(PostgresSession, Finding), any Error>
        outcome = try await retrying { _ throws(PostgresError) in
            let session = try await open()
            do {
                return .success((session, try await body(session)))
            } catch let error as PostgresError {
                await session.close()
                throw error
            } catch {
                await session.close()
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Runs statements on a connection of their own, as patiently.
    package func withSession<Result: Sendable>(_ body: (PostgresSession) async throws -> Result) async throws -> Result
    {
        let (session, result) = try await open(checking: body)
        await session.close()
        return result
    }

    /// Opens connections besides the first; they are welcome, not needed: a role may be limited to one.
    func more(_ count: Int) async -> [PostgresSession] {
        var sessions: [PostgresSession] = []
        while sessions.count < count {
            do throws(PostgresError) {
                sessions.append(try await open())
            } catch {
                log.warning("going on with fewer connections", metadata: metadata([.error: error.description]))
                break
            }
        }
        return sessions
    }

    /// Runs an operation until it succeeds, fails for good, or the budget is spent; a signal ends the attempts too.
    func retrying<Result: Sendable>(
        _ control: RunControl? = nil, _ operation: (_ attempt: Int) async throws(PostgresError) -> Result
    ) async throws -> Result {
        var attempt = 0
        var firstFailure: ContinuousClock.Instant?
        while true {
            do throws(PostgresError) {
                return try await operation(attempt)
            } catch {
                guard error.disposition == .retry, !error.isInterruption else { throw error }
                let now = ContinuousClock.now
                let started = firstFailure ?? now
                firstFailure = started
                guard now - started < retryBudget, await control?.request == nil else { throw error }
                log.warning("database failed, trying again", metadata: metadata([.error: error.description]))
                attempt += 1
                try await Task.sleep(for: Self.pause(attempt))
            }
        }
    }

    /// A pause between nothing and a limit that doubles from 50 ms to 2 s.
    private static func pause(_ attempt: Int) -> Duration {
        .milliseconds(Int.random(in: 0...min(2000, 50 << min(attempt, 6))))
    }
}

extension PostgresError {
    /// Whether the job itself asked for the end of the statement.
    fileprivate var isInterruption: Bool {
        if case .interrupted = self { true } else { false }
    }
}
