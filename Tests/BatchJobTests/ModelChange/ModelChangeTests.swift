import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// The steps of a change of the model, in their order and out of it.
@Suite("A change of the model", .requiresPostgres)
struct ModelChangeTests {
    private static let old = StubEncoder()
    private static let next = StubEncoder(dimension: 6, seed: 77)

    /// A table whose rows all have vectors of the old model, with a search index and a comment of the user's.
    private func withFilledTable(_ count: Int = 40, _ body: (DatasetFixture) async throws -> Void) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(count)
            #expect(try await fixture.drain(Self.old).processed == count)
            try await database.run(
                """
                CREATE INDEX by_meaning ON datasets USING hnsw (embedding vector_ip_ops) WITH (m = 8, ef_construction = 32);
                COMMENT ON COLUMN datasets.embedding IS E'Ours:\nsearch by meaning'
                """)
            try await body(fixture)
        }
    }

    private func stage(_ fixture: DatasetFixture) async throws -> String {
        let plan = try await fixture.change().plan(Self.next)
        return plan.stage.rawValue
    }

    private func comment(_ fixture: DatasetFixture, _ column: String) async throws -> String? {
        try await fixture.database.texts(
            """
            SELECT col_description(attrelid, attnum) FROM pg_attribute
            WHERE attrelid = 'datasets'::regclass AND attname = '\(column)'
            """
        ).first
    }

    @Test("goes from step to step, and the plan names each state")
    func steps() async throws {
        try await withFilledTable { fixture in
            let database = fixture.database
            #expect(try await stage(fixture) == "not_begun")
            let filled = await fixture.change().fill(Self.next)
            #expect(filled.processed == 40 && filled.remaining == 0 && filled.exitReason == .drained)
            #expect(try await stage(fixture) == "ready")
            let index = try await database.texts(
                "SELECT indexdef FROM pg_indexes WHERE indexname = 'datasets_embedding_abababababab_hnsw'")
            #expect(index.count == 1)
            #expect(index.first?.contains("hnsw (embedding_abababababab vector_ip_ops)") == true)
            #expect(index.first?.contains("m='8'") == true && index.first?.contains("ef_construction='32'") == true)
            // The column that serves is as it was.
            #expect(try await fixture.expectNoStaleVector(Self.old) == 40)

            let verified = await fixture.change().verify(Self.next)
            #expect(verified.exitReason == .verified && verified.sample.checked == 40)
            #expect(verified.recall == ["datasets_embedding_abababababab_hnsw": 1])

            let cutover = await fixture.change().cutOver(Self.next)
            #expect(cutover.exitReason == .drained && cutover.processed == 0)
            #expect(try await stage(fixture) == "cut_over")
            #expect(try await fixture.expectNoStaleVector(Self.next) == 40)
            let config = "SELECT model || ' ' || encode(fingerprint, 'hex') || ' ' || dimension FROM embedding_model"
            #expect(try await database.texts(config) == ["next \(String(repeating: "ab", count: 32)) 6"])

            try await database.run(
                """
                CREATE VIEW "the old" AS SELECT id, embedding_old FROM datasets;
                CREATE MATERIALIZED VIEW kept AS SELECT embedding_old IS NULL AS missing FROM datasets
                """)
            for isConfirmed in [false, true] {
                let refusal = await #expect(throws: RunFailure.self) {
                    try await fixture.change().dropOld(isConfirmed: isConfirmed)
                }
                #expect(refusal?.reason == .configuration)
                #expect(
                    refusal?.description.contains(#"materialized view public.kept, view public."the old""#) == true)
            }
            try await database.run("DROP VIEW \"the old\"; DROP MATERIALIZED VIEW kept")

            let dropped = try await fixture.change().dropOld(isConfirmed: false)
            #expect(dropped.json == #"{"column":"embedding_old","states":40,"dropped":false}"#)
            #expect(try await stage(fixture) == "cut_over")
            #expect(try await fixture.change().dropOld(isConfirmed: true).states == 40)
            #expect(try await stage(fixture) == "complete")
            #expect(
                try await database.texts("SELECT DISTINCT column_name FROM embedding_state")
                    == [DatasetFixture.nextColumn])
        }
    }

    @Test("lets the new model's runs go on after the cutover, and stops the old one's", arguments: [4, 6])
    func ordinaryRuns(dimension: Int) async throws {
        try await withFilledTable { fixture in
            let next = StubEncoder(dimension: dimension, seed: 77)
            let change = fixture.change(dimension: dimension)
            #expect(await change.fill(next).exitReason == .drained)
            // Until then the other way round.
            try await fixture.insert(3, titled: "New")
            #expect(try await fixture.drain(Self.old).processed == 3)
            let early = await #expect(throws: RunFailure.self) {
                try await fixture.drain(next, model: DatasetFixture.nextModel)
            }
            #expect(early?.reason.exitCode == 78)
            #expect(await change.cutOver(next).processed == 3)

            try await fixture.insert(2, titled: "Newer")
            let late = await #expect(throws: RunFailure.self) { try await fixture.drain(Self.old) }
            #expect(late?.reason == (dimension == 4 ? .mixedModel : .configuration))
            #expect(late?.reason.exitCode == 78)
            #expect(dimension == 6 || late?.description.contains("embedding-job backfill") == true)
            #expect(try await fixture.drain(next, model: DatasetFixture.nextModel).processed == 2)
            #expect(try await fixture.expectNoStaleVector(next) == 45)
            // The retired column was touched by nobody.
            #expect(try await fixture.database.number("SELECT count(embedding_old) FROM datasets") == 43)
        }
    }

    @Test("goes back: the old column has its name, its comment and its model again")
    func rollback() async throws {
        try await withFilledTable { fixture in
            let before = try await comment(fixture, "embedding")
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
            #expect(
                try await comment(fixture, "embedding_old")
                    == "Ours:\nsearch by meaning\nembedding_state.column_name = embedding")
            #expect(
                try await comment(fixture, "embedding")
                    == "Ours:\nsearch by meaning\nembedding_state.column_name = embedding_abababababab")
            // Edited since, and known to the new model only.
            try await fixture.database.run("UPDATE datasets SET title = 'Edited' WHERE id <= 3")
            let back = await fixture.change().rollBack(Self.next)
            #expect(back.exitReason == .drained && back.remaining == 3)
            #expect(try await comment(fixture, "embedding") == before)
            #expect(try await stage(fixture) == "filling")

            // With the old model at hand it mends them itself.
            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
            let mended = await fixture.change(to: DatasetFixture.model, dimension: 4).rollBack(Self.old)
            #expect(mended.exitReason == .drained && mended.processed == 3)
            #expect(try await fixture.expectNoStaleVector(Self.old) == 40)
        }
    }

    @Test("embeds again what was edited around the swap")
    func edits() async throws {
        try await withFilledTable { fixture in
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            let database = fixture.database
            // As an application does that takes edited rows out of its search. The new column keeps its vector.
            try await database.run("UPDATE datasets SET title = 'Early', embedding = NULL WHERE id <= 2")
            let once = Once()
            let encoder = StubEncoder(dimension: 6, seed: 77) { texts in
                // The sample, which comes after the drain and before the swap.
                guard texts.count > 2, await once.first() else { return }
                try await database.run("UPDATE datasets SET title = 'Late', embedding = NULL WHERE id BETWEEN 3 AND 5")
            }
            let report = await fixture.change().cutOver(encoder)
            #expect(report.exitReason == .drained && report.processed == 5)
            #expect(try await fixture.expectNoStaleVector(Self.next) == 40)
        }
    }

    @Test("refuses a step that comes too early or too late, and names the right one")
    func wrongOrder() async throws {
        try await withFilledTable(10) { fixture in
            func refusal(_ body: (ModelChange) async throws -> RunReport) async throws -> String {
                let log = RecordedLog()
                let report = try await body(fixture.change(log: log.logger))
                #expect(report.exitReason == .configuration && report.exitReason.exitCode == 78)
                return log.entries(containing: "next: ").first?.message ?? ""
            }
            #expect(try await refusal { await $0.cutOver(Self.next) }.hasSuffix("next: embedding-job backfill run"))
            #expect(try await refusal { await $0.rollBack(Self.next) }.hasSuffix("next: embedding-job backfill plan"))
            let nothing = await #expect(throws: RunFailure.self) {
                try await fixture.change().dropOld(isConfirmed: true)
            }
            #expect(nothing?.description.contains("nothing to drop") == true)

            // Filled in part, and without its search index.
            let part = await fixture.change { ($0.limit, $0.batchSize) = (4, 4) }.fill(Self.next)
            #expect(part.exitReason == .limit)
            #expect(try await stage(fixture) == "filling")
            #expect(try await refusal { await $0.cutOver(Self.next) }.hasSuffix("next: embedding-job backfill run"))
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            try await fixture.database.run("DROP INDEX datasets_embedding_abababababab_hnsw")
            #expect(try await stage(fixture) == "not_indexed")
            #expect(try await refusal { await $0.cutOver(Self.next) }.contains("no valid index"))
            #expect(await fixture.change().fill(Self.next).processed == 0)

            // More rows than the application edits in a moment; those of the drain before the swap are locked.
            let application = try await fixture.database.connect()
            try await application.executeScript(
                .init(name: "edit", sql: "BEGIN; UPDATE datasets SET title = 'x' WHERE id <= 5"))
            try await fixture.insert(3, titled: "New")
            try await application.executeScript(
                .init(name: "lock", sql: "SELECT FROM datasets WHERE title LIKE 'New%' FOR UPDATE"))
            #expect(
                try await refusal { await $0.cutOver(Self.next, maxPending: 2) }.contains(
                    "3 rows have no vector of this"))
            await application.close()

            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
            #expect(try await refusal { await $0.fill(Self.next) }.hasSuffix("drop-old, or rollback"))
            // A second cutover finds nothing to swap and drains.
            try await fixture.insert(1, titled: "Newer")
            #expect(await fixture.change().cutOver(Self.next).processed == 1)
            // Nor may the next change begin.
            let third = fixture.change(to: Fingerprint([UInt8](repeating: 0xCD, count: 32)))
            #expect(await third.fill(Self.next).exitReason == .configuration)
            #expect(try await third.plan(Self.next).next == "embedding-job backfill drop-old")
        }
    }

    @Test("never drops a column that only has the name of an old one")
    func foreignOldColumn() async throws {
        try await withFilledTable(5) { fixture in
            try await fixture.database.run("ALTER TABLE datasets ADD COLUMN embedding_old vector(4)")
            let failure = await #expect(throws: RunFailure.self) {
                try await fixture.change().dropOld(isConfirmed: true)
            }
            #expect(failure?.description.contains("not left by a cutover") == true)
            #expect(await fixture.change().fill(Self.next).exitReason == .configuration)
            #expect(
                try await fixture.database.number("SELECT count(*) FROM pg_attribute WHERE attname = 'embedding_old'")
                    == 1)
        }
    }

    @Test("needs embedding_state")
    func needsState() async throws {
        try await withFilledTable(5) { fixture in
            try await fixture.database.run("DROP TABLE embedding_state")
            let failure = await #expect(throws: RunFailure.self) { try await fixture.change().plan(Self.next) }
            #expect(failure?.reason == .configuration)
            #expect(failure?.description.contains("schema --apply") == true)
        }
    }

    @Test("gives everybody the rights to the new column that they have to the present one")
    func grants() async throws {
        try await withFilledTable(10) { fixture in
            try await fixture.database.withRole { role, url in
                try await fixture.database.run(
                    """
                    GRANT USAGE ON SCHEMA public TO \(role);
                    GRANT SELECT (id, title, description, enrichment_status, is_active, embedding), UPDATE (embedding)
                        ON datasets TO \(role);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_state, embedding_failure TO \(role)
                    """)
                #expect(await fixture.change().fill(Self.next).exitReason == .drained)
                #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
                try await fixture.insert(2, titled: "New")
                let report = try await fixture.drain(Self.next, url: url, model: DatasetFixture.nextModel)
                #expect(report.processed == 2 && report.exitReason == .drained)
            }
        }
    }

    @Test("stores half precision if asked to, and verifies it")
    func halfPrecision() async throws {
        try await withFilledTable(10) { fixture in
            let log = RecordedLog()
            #expect(await fixture.change(log: log.logger).fill(Self.next, storage: .halfvec).exitReason == .drained)
            let logged = log.entries("vectors were rounded to half precision").first?.values["largest_error"]
            let error = try #require(logged.flatMap(Float.init))
            #expect(error > 0 && error < 0x1p-11)
            let verified = await fixture.change().verify(Self.next)
            #expect(verified.exitReason == .verified && verified.sample.roundingError == error)
            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
            let type =
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attname = 'embedding' AND attnum > 0"
            #expect(try await fixture.database.texts(type).contains("halfvec(6)"))
        }
    }
}
