import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// Two tables with the same keys beside one pair of side tables.
@Suite("Side tables that several tables share", .requiresPostgres)
struct SharedSideTableTests {
    /// The fingerprint of another model.
    private static let otherModel = Fingerprint([UInt8](repeating: 9, count: 32))

    /// Where the second table is; that of the first and of the side tables is `public`.
    enum Place: String, CaseIterable, Sendable {
        case sameSchema = "articles"
        case schemaOfATenant = "tenant.datasets"
        case namesWithQuotes = "ten'ant.{ID} \"articles\""
    }

    @Test(
        "keep their states apart: one table's run, edits and models are nothing to the other", arguments: Place.allCases
    )
    func states(place: Place) async throws {
        try await withTwoTables(place) { datasets, other in
            #expect(try await datasets.drain(StubEncoder()).processed == 30)
            // Another model is refused for the first table, and not for one that is empty.
            await #expect(throws: RunFailure.self) { try await datasets.drain(StubEncoder(), model: Self.otherModel) }
            #expect(try await other.drain(StubEncoder(seed: 1), model: Self.otherModel).processed == 30)
            let expected = VectorStates(current: 30)
            #expect(try await datasets.verify(StubEncoder()).states == expected)
            #expect(try await datasets.drain(StubEncoder()) { $0.replacesOutdated = true }.processed == 0)

            try await datasets.database.run("UPDATE datasets SET title = 'Edited' WHERE id <= 4")
            #expect(try await datasets.verify(StubEncoder()).states == VectorStates(current: 26, stale: 4))
            #expect(try await other.verify(StubEncoder(seed: 1)).states == VectorStates(foreign: 30))
            let status = try await other.status()
            #expect(status.provenance?.vectors.map(\.model) == [Self.otherModel])
            #expect(status.provenance?.vectors.map(\.count) == [30] && status.provenance?.orphans == 0)
        }
    }

    @Test("keep their failures apart: one table's are not held back, tried again or forgotten for the other's sake")
    func failures() async throws {
        try await withTwoTables(.sameSchema) { datasets, other in
            let poison = StubEncoder.Marker.zero.rawValue
            try await datasets.database.run(
                """
                UPDATE datasets SET title = 'same', description = '\(poison)' WHERE id = 7;
                UPDATE articles SET title = 'same', description = '\(poison)' WHERE id = 7
                """)
            #expect(try await datasets.drain(StubEncoder()).failed == 1)
            // The same key, text and model: what the first table's run has learnt does not count.
            #expect(try await other.forecast(StubEncoder()).quarantined == 0)
            #expect(try await other.drain(StubEncoder()).failed == 1)
            #expect(try await other.status().ledger?.quarantined == 1)

            let session = try await datasets.database.connect()
            let table = try await Preflight(session: session, names: other.names, log: other.log).check(for: .ledger)
            #expect(try await FailureLedger(table).forget(nil, session).count == 1)
            await session.close()
            #expect(try await datasets.status().ledger?.quarantined == 1)
            #expect(try await other.status().ledger?.failures.isEmpty == true)

            // A success clears the entry of its own table.
            try await datasets.database.run("UPDATE articles SET description = 'mended' WHERE id = 7")
            #expect(try await other.drain(StubEncoder()).processed == 1)
            #expect(try await datasets.status().ledger?.quarantined == 1)
        }
    }

    @Test("keep the states of one table when the other has changed its model and dropped the old column")
    func dropOld() async throws {
        try await withTwoTables(.sameSchema) { datasets, other in
            _ = try await datasets.drain(StubEncoder())
            _ = try await other.drain(StubEncoder())
            let next = StubEncoder(dimension: 6, seed: 1)
            #expect(await datasets.change().fill(next).exitReason == .drained)
            #expect(await datasets.change().cutOver(next).exitReason == .drained)
            // What is outdated is counted by the table's own states.
            #expect(await datasets.change().rollBack(nil).remaining == 0)
            #expect(await datasets.change().cutOver(next).exitReason == .drained)
            #expect(try await datasets.change().dropOld(isConfirmed: true).states == 30)

            #expect(try await other.verify(StubEncoder()).states == VectorStates(current: 30))
            try await datasets.database.run("UPDATE articles SET title = 'Edited' WHERE id = 3")
            #expect(try await other.drain(StubEncoder()) { $0.replacesOutdated = true }.processed == 1)
        }
    }

    @Test("are not hidden by new ones in a tenant's schema when the schema is applied for the tenant")
    func tenantUsesShared() async throws {
        try await withTwoTables(.schemaOfATenant) { datasets, other in
            _ = try await other.drain(StubEncoder())
            let states = "SELECT DISTINCT table_name FROM public.embedding_state"
            #expect(try await datasets.database.texts(states) == ["tenant.datasets"])
            let tables = "SELECT relnamespace::regnamespace FROM pg_class WHERE relname LIKE 'embedding_state'"
            #expect(try await datasets.database.texts(tables) == ["public"])
        }
    }

    @Test("may be closed by row-level security to all but a tenant's own rows")
    func policies() async throws {
        try await withTwoTables(.schemaOfATenant) { datasets, other in
            _ = try await datasets.drain(StubEncoder())
            try await datasets.database.withEmbedder { role, url in
                try await datasets.database.run(
                    """
                    GRANT USAGE ON SCHEMA tenant TO \(role); GRANT SELECT, UPDATE ON tenant.datasets TO \(role);
                    ALTER TABLE embedding_state ENABLE ROW LEVEL SECURITY;
                    ALTER TABLE embedding_failure ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY own ON embedding_state TO \(role) USING (table_name = 'tenant.datasets');
                    CREATE POLICY own ON embedding_failure TO \(role) USING (table_name = 'tenant.datasets')
                    """)
                let log = RecordedLog()
                #expect(try await other.drain(StubEncoder(), url: url, log: log.logger).processed == 30)
                #expect(log.entries(containing: "side table").isEmpty)
            }
            let states = "SELECT table_name || ' ' || count(*) FROM embedding_state GROUP BY table_name ORDER BY 1"
            #expect(try await datasets.database.texts(states) == ["public.datasets 30", "tenant.datasets 30"])
        }
    }

    /// A table `datasets` and another one, with the same keys and texts of their own.
    private func withTwoTables(
        _ place: Place, _ body: (_ datasets: DatasetFixture, _ other: DatasetFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase { database in
            let datasets = try await DatasetFixture(database)
            try await datasets.insert(30)
            var names = DatasetNames()
            names.table = place.rawValue
            let parts = place.rawValue.split(separator: ".")
            if parts.count > 1 { try await database.run("CREATE SCHEMA \"\(parts[0])\"") }
            let other = try await DatasetFixture(database, names: names)
            let quoted = parts.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ".")
            try await database.run(
                """
                INSERT INTO \(quoted) (title, description, enrichment_status)
                SELECT 'Article ' || i, 'Of number ' || i, 'enriched' FROM generate_series(1, 30) AS i
                """)
            try await body(datasets, other)
        }
    }
}

extension VectorStates {
    init(current: Int = 0, stale: Int = 0, foreign: Int = 0, unknown: Int = 0) {
        self.init()
        (self.current, self.stale, self.foreign, self.unknown) = (current, stale, foreign, unknown)
    }
}
