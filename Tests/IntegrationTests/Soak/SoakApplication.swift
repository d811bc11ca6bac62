import Postgres
import PostgresTestSupport

/// The application whose rows are drained: it edits, inserts, deletes and hides them, mostly where runs are at work.
struct SoakApplication: Sendable {
    let database: SoakDatabase
    let tally: SoakTally

    /// What the application does, as often as it stands here.
    private enum Action: CaseIterable {
        case editPending, editPendingAgain, editMany, editInRandomOrder, replace, hide, show
    }

    /// Works on one connection after another until the time is over.
    func work(until end: ContinuousClock.Instant) async throws {
        while ContinuousClock.now < end {
            guard let session = try? await database.database.connect(applicationName: "application") else {
                // The server is restarting.
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            do throws(PostgresError) {
                while ContinuousClock.now < end { try await act(session) }
            } catch {
                if error.sqlState?.code == "40P01" { await tally.count(.applicationDeadlocks) }
            }
            await session.close()
        }
    }

    private func act(_ session: PostgresSession) async throws(PostgresError) {
        switch Action.allCases.randomElement() {
        case .editPending, .editPendingAgain:
            try await edit(session, "embedding IS NULL", 5)
        case .editMany:
            try await edit(session, "true", 150)
        case .editInRandomOrder:
            try await session.executeScript(PostgresStatement(name: "begin", sql: "BEGIN"))
            for _ in 0..<3 { try await edit(session, "embedding IS NULL", 1) }
            try await session.executeScript(PostgresStatement(name: "commit", sql: "COMMIT"))
        case .replace:
            try await change(session, "DELETE FROM datasets WHERE id IN (\(Self.pick("true", 1)))")
            try await change(
                session,
                """
                INSERT INTO datasets (title, description, enrichment_status)
                    SELECT words(4), words(20), 'enriched' FROM generate_series(1, 1)
                """)
        case .hide:
            try await change(
                session, "UPDATE datasets SET is_active = false WHERE id IN (\(Self.pick("embedding IS NULL", 3)))")
            try await change(
                session,
                "UPDATE datasets SET enrichment_status = 'pending' WHERE id IN (\(Self.pick("embedding IS NULL", 3)))")
        case .show, nil:
            try await change(
                session,
                """
                UPDATE datasets SET is_active = true, enrichment_status = 'enriched'
                    WHERE NOT is_active OR enrichment_status = 'pending'
                """)
        }
    }

    /// Gives rows another text and takes away their vector, which no longer belongs to them.
    private func edit(_ session: PostgresSession, _ condition: String, _ count: Int) async throws(PostgresError) {
        let start = ContinuousClock.now
        let rows = try await session.execute(
            PostgresStatement(
                name: "edit",
                sql: """
                    UPDATE datasets SET title = words(4), description = words(20), embedding = NULL
                        WHERE id IN (\(Self.pick(condition, count))) RETURNING id
                    """))
        await tally.edited(rows.count, in: .now - start)
    }

    private func change(_ session: PostgresSession, _ sql: String) async throws(PostgresError) {
        let rows = try await session.execute(PostgresStatement(name: "change", sql: sql + " RETURNING id"))
        await tally.count(.otherChanges, rows.count)
    }

    /// Random rows, poison excepted.
    private static func pick(_ condition: String, _ count: Int) -> String {
        """
        SELECT id FROM datasets WHERE \(condition) AND title NOT LIKE 'poison%' AND title <> ' '
            ORDER BY random() LIMIT \(count)
        """
    }
}
