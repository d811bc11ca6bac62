import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("A dry run", .requiresPostgres)
struct DryRunTests {
    let encoder = StubEncoder()

    /// 131 rows of which 60 repeat others, 4 have no text and 4 are too long, one of them for its column only.
    private func fill(_ fixture: DatasetFixture) async throws {
        try await fixture.insert(60)
        try await fixture.insert(60)
        try await fixture.database.run(
            """
            ALTER TABLE datasets ALTER COLUMN title DROP NOT NULL;
            INSERT INTO datasets (title, description, enrichment_status) VALUES
                ('', NULL, 'enriched'), (NULL, E' \\t', 'enriched'), (E'\\n', '', 'enriched'), (NULL, NULL, 'enriched'),
                (repeat('t', 2049), NULL, 'enriched'), ('a', repeat('d', 16385), 'enriched'),
                ('b', repeat('d', 1200), 'enriched'), ('c', NULL, 'enriched'), ('d', NULL, 'enriched'),
                (NULL, 'e', 'enriched'), ('f' || repeat(' ', 2048) || 'g', NULL, 'enriched'), ('not ready', NULL, 'pending')
            """)
    }

    @Test("foresees what the run after it reports", arguments: [7, 100, 1000])
    func foreseesRun(batchSize: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fill(fixture)
            let log = RecordedLog()
            let forecast = try await fixture.forecast(encoder, log: log.logger) { $0.batchSize = batchSize }
            #expect(forecast.exitReason == .dryRun && forecast.exitReason.exitCode == 0)
            #expect(forecast.processed == 0 && forecast.failed == 0)
            #expect(forecast.remaining == 131 && forecast.quarantined == 0)

            let report = try await fixture.drain(encoder, connections: 1) { $0.batchSize = batchSize }
            #expect(report.processed == 127 && report.failed == 4)
            #expect(forecast.truncated == report.truncated && forecast.truncated == 4)
            // Of inputs of 4,097, 16,388 and 1,204 bytes the stub reads 1,000; what a column lost before is not counted.
            #expect(forecast.tokensLost == report.tokensLost && forecast.tokensLost == 3_097 + 15_388 + 204)
            #expect(forecast.deduplicated == report.deduplicated && forecast.deduplicated == 60)
            #expect(forecast.tokens == report.tokens && forecast.tokens > 0)

            let summary = try #require(log.entries("dry run").first).values
            #expect(summary["rows"] == "131" && summary["empty"] == "4" && summary["tokens"] == "\(report.tokens)")
            #expect(summary["truncated"] == "4" && summary["tokens_lost"] == "\(report.tokensLost)")
            #expect(summary["duplicates"] == "60")
        }
    }

    @Test("prints the line of a run")
    func line() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(3)
            try await database.run("UPDATE datasets SET title = repeat('t', 600), description = NULL WHERE id = 1")
            let line = try await fixture.forecast(encoder).json
            #expect(line.hasPrefix(#"{"processed":0,"failed":0,"skipped_stale":0,"#))
            #expect(line.contains(#","truncated":1,"tokens_lost":201,"deduplicated":0,"#))
            #expect(line.contains(#""remaining":3,"#) && line.hasSuffix(#","exit_reason":"dry_run"}"#))
        }
    }

    @Test("reads in transactions that cannot write, without claims, and changes nothing")
    func writesNothing() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            let before = try await contents(database)
            let looking = StubEncoder { _ in
                let open = try await database.query(
                    """
                    SELECT count(*) FILTER (WHERE a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL) AS transactions,
                        count(l.locktype) AS locks
                    FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory'
                    WHERE a.datname = current_database() AND a.application_name = 'embedding-job test'
                    """)
                let row = try #require(open.first)
                #expect(try row.int64("transactions") == 0 && row.int64("locks") == 0)
            }
            // May do everything, but sees rows in read-only transactions only.
            let grants = ["SELECT, UPDATE ON datasets", "ALL ON embedding_state", "ALL ON embedding_failure"]
            try await fixture.withReadOnlyRole(grants) { url in
                let report = try await fixture.forecast(looking, url: url) { $0.batchSize = 7 }
                #expect(report.remaining == 40 && report.tokens > 0 && report.exitReason == .dryRun)
            }
            #expect(try await contents(database) == before)
            #expect(try await fixture.pending() == 40)
        }
    }

    /// Every version of every row of every table, and the number of transactions that had anything to write.
    private func contents(_ database: TemporaryDatabase) async throws -> [String] {
        let rows = try await database.query(
            """
            SELECT string_agg(xmin || ' ' || ctid || ' ' || d::text, ',' ORDER BY id)
                || (SELECT count(*) FROM embedding_state) || (SELECT count(*) FROM embedding_failure) AS contents
            FROM datasets d
            """)
        return try rows.map { try $0.text("contents") }
    }

    @Test("reports a missing privilege as a run does")
    func missingPrivilege() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            try await fixture.withReadOnlyRole(["SELECT ON datasets"]) { url in
                let failure = await #expect(throws: RunFailure.self) {
                    try await fixture.forecast(encoder, url: url)
                }
                #expect(failure?.reason == .configuration)
                #expect(failure?.description.contains("GRANT UPDATE (embedding)") == true)
            }
        }
    }

    @Test("counts rows that another process has claimed")
    func ignoresClaims() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            let once = Once()
            let claiming = StubEncoder { texts in
                // A real run holds all rows while this forecast is made.
                guard texts.count > 1, await once.first() else { return }
                let log = RecordedLog()
                let forecast = try await fixture.forecast(encoder, log: log.logger)
                #expect(forecast.remaining == 40)
                #expect(log.entries("dry run").map { $0.values["rows"] } == ["40"])
            }
            let report = try await fixture.drain(claiming, connections: 1)
            #expect(report.processed == 40)
            #expect(await !once.first())
        }
    }

    @Test("leaves out rows that the ledger holds back")
    func leavesOutQuarantined() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let marker = StubEncoder.Marker.throwing.rawValue
            try await database.run("UPDATE datasets SET description = '\(marker)' WHERE id IN (3, 4)")
            _ = try await fixture.drain(encoder)
            try await fixture.insert(5, titled: "New")
            let log = RecordedLog()
            let report = try await fixture.forecast(encoder, log: log.logger)
            #expect(report.quarantined == 2 && report.remaining == 5)
            #expect(log.entries("dry run").map { $0.values["rows"] } == ["5"])
        }
    }

    @Test("reads no more rows than the limit")
    func obeysLimit() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(50)
            let log = RecordedLog()
            let report = try await fixture.forecast(encoder, log: log.logger) { ($0.batchSize, $0.limit) = (8, 20) }
            #expect(log.entries("dry run").map { $0.values["rows"] } == ["20"])
            #expect(report.remaining == 50)
        }
    }

    @Test("with --stale counts missing and outdated vectors, and refuses what a run would refuse")
    func countsOutdated() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(96)
            _ = try await fixture.drain(encoder)
            try await fixture.insert(4, titled: "New")
            try await database.run("UPDATE datasets SET title = title || ' edited' WHERE id <= 20")
            let log = RecordedLog()
            // 20 of the 100 vectors that there are when a run gets there: just allowed.
            let allowed = try await fixture.forecast(encoder, log: log.logger) { $0.replacesOutdated = true }
            #expect(allowed.exitReason == .dryRun && allowed.remaining == 24)
            #expect(log.entries("dry run").map { $0.values["rows"] } == ["24"])

            try await database.run("UPDATE datasets SET title = title || ' edited' WHERE id = 21")
            let refused = try await fixture.forecast(encoder) { $0.replacesOutdated = true }
            #expect(refused.exitReason == .blastRadius)
            let meant = try await fixture.forecast(encoder) { ($0.replacesOutdated, $0.replacesMany) = (true, true) }
            #expect(meant.exitReason == .dryRun && meant.remaining == 25)
        }
    }

    @Test("encodes a spread sample of at most 64 texts, each once")
    func sample() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(800)
            let seen = Recorder()
            let recording = StubEncoder { texts in await seen.add(texts.filter { $0.hasPrefix("Dataset") }) }
            let log = RecordedLog()
            // One shard after the other, so that the first 64 rows read are those of five shards of 64.
            _ = try await fixture.forecast(recording, log: log.logger) { ($0.batchSize, $0.firstShard) = (10, 0) }
            let texts = await seen.texts
            #expect(texts.count == 64 && Set(texts).count == 64)
            let shards = try await database.query(
                """
                SELECT count(DISTINCT hashtextextended(id::text, 0) & 63) AS n FROM datasets
                WHERE concat_ws(' ', title, title, description) = ANY($1::text[])
                """, [.textArray(texts)])
            #expect(try #require(shards.first).int64("n") > 20)
            let summary = try #require(log.entries("dry run").first).values
            #expect(try #require(summary["tokens_per_second"].flatMap { Int($0) }) > 0)
            #expect(summary["eta"]?.hasSuffix("s") == true)
        }
    }

    @Test("encodes no more of the sample when its time is over")
    func samplingTime() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(200)
            let seen = Recorder()
            let recording = StubEncoder { texts in await seen.add(texts.filter { $0.hasPrefix("Dataset") }) }
            let log = RecordedLog()
            let report = try await fixture.forecast(recording, samplingTime: .nanoseconds(1), log: log.logger)
            #expect(await seen.texts.count == 8)
            #expect(report.exitReason == .dryRun && log.entries("dry run").count == 1)
        }
    }

    @Test("names a row of the sample that would fail, and goes on", arguments: StubEncoder.Marker.allCases)
    func failingRow(marker: StubEncoder.Marker) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            try await database.run("UPDATE datasets SET description = '\(marker.rawValue)' WHERE id = 17")
            let log = RecordedLog()
            let report = try await fixture.forecast(encoder, log: log.logger)
            #expect(report.exitReason == .dryRun && report.failed == 0 && report.remaining == 30)
            #expect(log.entries("row would fail").map { $0.values["row"] } == ["17"])
        }
    }

    @Test("of nothing takes no time")
    func nothingToDo() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let log = RecordedLog()
            let report = try await fixture.forecast(encoder, log: log.logger)
            #expect(report.exitReason == .dryRun && report.remaining == 0 && report.tokens == 0)
            #expect(log.entries("dry run").map { $0.values["eta"] } == ["0s"])
        }
    }

    @Test("ends early when it is told to")
    func stops() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            let control = RunControl()
            await control.stop()
            let log = RecordedLog()
            let report = try await fixture.forecast(encoder, control: control, log: log.logger)
            #expect(report.exitReason == .signal && report.tokens == 0 && report.remaining == 30)
            #expect(log.entries("dry run").isEmpty)
        }
    }
}
