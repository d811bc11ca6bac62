import CommandSupport
import DatasetSearch
import Postgres

/// Sessions that search: so many at once, each connected when it is first needed and kept.
actor SearchLanes {
    /// A session and what it knows of the table.
    struct Lane: Sendable {
        let session: PostgresSession
        var datasets: DatasetSearch
    }

    typealias Open = @Sendable () async throws -> Lane

    private let open: Open
    private let limit: Int
    private var idle: [Lane] = []
    private var count = 0
    private var isClosed = false

    /// At most `limit` searches at once.
    init(limit: Int, open: @escaping Open) {
        (self.limit, self.open) = (limit, open)
    }

    /// Runs a search, or throws ``Problem/busy``.
    ///
    /// A session that was kept may have been cut meanwhile: then another is opened, once.
    nonisolated func run<Result: Sendable>(_ body: @Sendable (inout Lane) async throws -> Result) async throws -> Result
    {
        if let lane = try await enterOrRefuse() {
            do {
                return try await run(on: lane, body)
            } catch let error as PostgresError where error.disposition == .retry {
                try await enterAnew()
            }
        }
        return try await run(on: try await opened(), body)
    }

    private nonisolated func opened() async throws -> Lane {
        do {
            return try await open()
        } catch {
            await leave(nil)
            throw error
        }
    }

    private nonisolated func run<Result: Sendable>(
        on kept: Lane, _ body: @Sendable (inout Lane) async throws -> Result
    ) async throws -> Result {
        var lane = kept
        do {
            let result = try await body(&lane)
            await leave(lane)
            return result
        } catch {
            let isUsable = await lane.session.isUsable
            await leave(isUsable ? lane : nil)
            throw error
        }
    }

    /// Refuses after a pause: clients that ask again at once would take the processors from those that are served.
    private nonisolated func enterOrRefuse() async throws -> Lane? {
        do {
            return try await enter()
        } catch {
            try await Task.sleep(for: .milliseconds(250))
            throw error
        }
    }

    private func enter() throws(Problem) -> Lane? {
        guard count < limit, !isClosed else { throw .busy }
        count += 1
        return idle.popLast()
    }

    private func enterAnew() throws(Problem) {
        guard count < limit, !isClosed else { throw .busy }
        count += 1
    }

    private func leave(_ lane: Lane?) async {
        count -= 1
        guard let lane else { return }
        if isClosed { await lane.session.close() } else { idle.append(lane) }
    }

    /// Closes what is idle, and everything else when it is done.
    func close() async {
        isClosed = true
        for lane in idle { await lane.session.close() }
        idle = []
    }
}
