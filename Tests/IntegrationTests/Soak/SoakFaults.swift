import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport

/// What befalls the runs of a soak, at random.
struct SoakFaults: Sendable {
    let server: PrivateServer
    let database: SoakDatabase
    let fleet: SoakFleet
    let proxy: FaultProxy
    let tally: SoakTally

    /// Signals, broken connections and ended backends, several a second.
    func strike(until end: ContinuousClock.Instant) async throws {
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...350)))
            switch Int.random(in: 0..<100) {
            case ..<40: await send(SIGKILL, .kills)
            case ..<60: await send(SIGTERM, .terminations)
            case ..<66: try await freeze()
            case ..<90: await endBackend()
            default:
                proxy.cut(withReset: Bool.random())
                await tally.count(.cutConnections)
            }
        }
    }

    /// Restarts of the server, one in every few seconds, orderly and not.
    func restart(until end: ContinuousClock.Instant) async throws {
        var mode = PrivateServer.StopMode.fast
        while true {
            try await Task.sleep(for: .seconds(5))
            guard ContinuousClock.now < end else { return }
            try await server.restart(mode)
            await tally.count(mode == .fast ? .fastRestarts : .immediateRestarts)
            mode = mode == .fast ? .immediate : .fast
        }
    }

    private func send(_ signal: Int32, _ event: SoakTally.Event) async {
        guard let victim = fleet.victim else { return }
        victim.send(signal)
        await tally.count(event)
    }

    private func freeze() async throws {
        guard let victim = fleet.victim else { return }
        victim.send(SIGSTOP)
        try await Task.sleep(for: .milliseconds(500))
        victim.send(SIGCONT)
        await tally.count(.freezes)
    }

    /// Not while the server restarts: then there is nobody to ask.
    private func endBackend() async {
        let rows = try? await database.database.query(
            """
            SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
                WHERE application_name = 'embedding-job' ORDER BY random() LIMIT 1) AS victim
            """)
        await tally.count(.endedBackends, rows?.count ?? 0)
    }
}
