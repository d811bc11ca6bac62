import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// What only the server knows of a table, asked for before the first row is read.
@Suite("Before the first row", .requiresPostgres)
struct PreflightTests {
    /// Drains, expects a refusal before anything is encoded, and returns what it says.
    private func refusal(
        _ fixture: DatasetFixture, url: String? = nil, _ configure: (inout EmbeddingRun.Options) -> Void = { _ in }
    ) async throws -> String {
        let encoder = StubEncoder { texts in Issue.record("\(texts.count) texts were encoded") }
        let failure = await #expect(throws: RunFailure.self) {
            try await fixture.drain(encoder, url: url, configure)
        }
        #expect(failure?.reason == .configuration)
        return failure?.description ?? ""
    }

    // MARK: - What the server says about the table

    @Test("a published table without a replica identity is refused with the statement that gives it one")
    func replicaIdentity() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            try await database.run(
                """
                ALTER TABLE datasets DROP CONSTRAINT datasets_pkey, ADD CONSTRAINT "the key" UNIQUE (id);
                CREATE PUBLICATION everything FOR ALL TABLES
                """)
            let message = try await refusal(fixture)
            #expect(message.contains("does not have a replica identity and publishes updates"))
            #expect(message.contains("the server's hint: To enable updating the table, set REPLICA IDENTITY"))
            let remedy = #"ALTER TABLE public.datasets REPLICA IDENTITY USING INDEX "the key""#
            #expect(message.hasSuffix(remedy))
            try await database.run(remedy)
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
        }
    }

    @Test("each partition of a published table gets its replica identity")
    func replicaIdentityOfPartitions() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                DROP TABLE datasets;
                CREATE TABLE datasets (id bigint NOT NULL UNIQUE, title text, description text, enrichment_status text,
                    is_active boolean, embedding vector(4)) PARTITION BY RANGE (id);
                CREATE TABLE low PARTITION OF datasets FOR VALUES FROM (1) TO (9);
                CREATE TABLE high PARTITION OF datasets FOR VALUES FROM (9) TO (99);
                INSERT INTO datasets VALUES (1, 'One', NULL, 'enriched', true), (10, 'Ten', NULL, 'enriched', true);
                CREATE PUBLICATION everything FOR ALL TABLES
                """)
            let message = try await refusal(fixture)
            let remedy = try #require(message.firstMatch(of: /ALTER TABLE public.low .*/)).output
            #expect(remedy.contains("ALTER TABLE public.high REPLICA IDENTITY USING INDEX high_id_key"))
            try await database.run(String(remedy))
            #expect(try await fixture.drain(StubEncoder()).processed == 2)
        }
    }

    @Test("a publication that filters by other columns than the key is told")
    func publicationFilter() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            try await database.run("CREATE PUBLICATION filtered FOR TABLE datasets WHERE (is_active)")
            #expect(try await refusal(fixture).hasSuffix("ALTER TABLE public.datasets REPLICA IDENTITY FULL"))
            try await database.run("ALTER TABLE public.datasets REPLICA IDENTITY FULL")
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
        }
    }

    @Test("a status of one letter is not compared with the first letter of the value")
    func oneLetterStatus() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                ALTER TABLE datasets DROP COLUMN enrichment_status CASCADE, ADD COLUMN enrichment_status "char";
                INSERT INTO datasets (title, enrichment_status) VALUES ('One', 'e')
                """)
            #expect(try await refusal(fixture).contains(#"is "char", one letter, which cannot be enriched"#))
            var names = DatasetNames()
            names.statusValue = "e"
            #expect(try await fixture.naming(names).drain(StubEncoder()).processed == 1)
        }
    }

    @Test("a key that may be NULL is no replica identity")
    func replicaIdentityOfNullableKey() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            try await database.run(
                """
                ALTER TABLE datasets ADD COLUMN key bigint UNIQUE;
                UPDATE datasets SET key = id;
                ALTER TABLE datasets DROP COLUMN id, ALTER COLUMN key SET DEFAULT 7;
                ALTER TABLE datasets RENAME COLUMN key TO id;
                CREATE PUBLICATION everything FOR ALL TABLES
                """)
            let message = try await refusal(fixture)
            #expect(message.hasSuffix("ALTER TABLE public.datasets REPLICA IDENTITY FULL"))
            try await database.run("ALTER TABLE public.datasets REPLICA IDENTITY FULL")
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
        }
    }

    @Test(
        "rules on the table are refused by name",
        arguments: [
            "DO INSTEAD NOTHING", "DO ALSO INSERT INTO noted VALUES (NEW.id)",
            "WHERE NEW.is_active DO INSTEAD NOTHING",
        ])
    func rules(action: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            try await database.run(
                "CREATE TABLE noted (id bigint); CREATE RULE \"no vectors\" AS ON UPDATE TO datasets \(action)")
            let message = try await refusal(fixture)
            #expect(message.hasPrefix("public.datasets.embedding is vector(4) and cannot be written: "))
            #expect(message.hasSuffix("put triggers in the place of the rules \"no vectors\""))
        }
    }

    @Test("a function that the role may not call is named")
    func functionPrivilege() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run("REVOKE EXECUTE ON FUNCTION sha256(bytea) FROM PUBLIC")
            try await database.withRole { role, url in
                try await database.run("GRANT SELECT, UPDATE ON datasets TO \(role)")
                let message = try await refusal(fixture, url: url)
                #expect(message.contains("permission denied for function sha256"))
            }
        }
    }

    @Test(
        "row_security that is off is told in one sentence, with what sets it again",
        arguments: [
            ("ALTER ROLE ROLE SET row_security = off", "ALTER ROLE ROLE RESET row_security"),
            (
                "ALTER ROLE ROLE IN DATABASE DATABASE SET row_security = off",
                "ALTER ROLE ROLE IN DATABASE DATABASE RESET row_security"
            ),
            ("ALTER DATABASE DATABASE SET row_security = off", "ALTER DATABASE DATABASE RESET row_security"),
        ])
    func rowSecurityOff(setting: String, reset: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            try await database.withRole { role, url in
                func filled(_ statement: String) -> String {
                    statement.replacing("ROLE ROLE", with: "ROLE \(role)")
                        .replacing("DATABASE DATABASE", with: "DATABASE \(database.name)")
                }
                try await database.run(
                    """
                    GRANT SELECT, UPDATE ON datasets TO \(role);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_failure, embedding_state TO \(role);
                    \(filled(setting))
                    """)
                // A table without policies is read as ever.
                #expect(try await fixture.drain(StubEncoder(), url: url).processed == 1)
                try await database.run(
                    "ALTER TABLE datasets ENABLE ROW LEVEL SECURITY; CREATE POLICY everything ON datasets USING (true)")
                let message = try await refusal(fixture, url: url)
                #expect(message.hasPrefix("row_security is off for this role"))
                #expect(message.contains("; \(filled(reset)), or"))
                #expect(!message.contains("--id-column") && message.split(separator: ";").count == 2)
                try await database.run(filled(reset))
                #expect(try await fixture.drain(StubEncoder(), url: url).exitReason == .drained)
            }
        }
    }

    @Test("a schema that the role may not use is named, be it the table's or that of pgvector")
    func schemaPrivilege() async throws {
        try await withTemporaryDatabase { database in
            try await database.run("CREATE SCHEMA \"the data\"; CREATE SCHEMA extensions")
            var names = DatasetNames()
            names.table = "the data.datasets"
            let fixture = try await DatasetFixture(database, names: names)
            try await database.run("ALTER EXTENSION vector SET SCHEMA extensions")
            try await database.withRole { role, url in
                try await database.run(
                    "GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA \"the data\" TO \(role)")
                let message = try await refusal(fixture, url: url)
                #expect(message.contains("GRANT USAGE ON SCHEMA \"the data\""))
                #expect(message.contains("may not use the schema of pgvector; GRANT USAGE ON SCHEMA extensions"))
                try await database.run("GRANT USAGE ON SCHEMA \"the data\", extensions TO \(role)")
                #expect(try await fixture.drain(StubEncoder(), url: url).exitReason == .drained)
            }
        }
    }

    @Test("a status value and names with characters that the database's encoding lacks are told")
    func encoding() async throws {
        try await withTemporaryDatabase(encoding: "LATIN1") { database in
            var names = DatasetNames()
            (names.statusValue, names.title) = ("готово", "название")
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            let other = fixture.naming(names)
            let message = try await refusal(other)
            #expect(message.contains("has no column название"))
            #expect(
                message.contains("enrichment_status is text and cannot be compared with готово: character with byte"))
            names = DatasetNames()
            names.table = "таблица"
            #expect(try await refusal(fixture.naming(names)).contains("table таблица does not exist"))
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
        }
    }

    // MARK: - Keys

    @Test("rows without a key are refused if they wait for a vector, and left alone otherwise")
    func nullKeys() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                ALTER TABLE datasets DROP COLUMN id, ADD COLUMN id bigint UNIQUE;
                INSERT INTO datasets (id, title, enrichment_status, is_active)
                    VALUES (1, 'One', 'enriched', true), (NULL, 'Two', 'enriched', false), (NULL, 'Three', 'pending', true)
                """)
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
            try await database.run("UPDATE datasets SET is_active = true")
            let message = try await refusal(fixture)
            #expect(message.contains("public.datasets.id is NULL in rows that wait for a vector"))
            #expect(message.contains("ALTER TABLE public.datasets ALTER COLUMN id SET NOT NULL"))
        }
    }

    @Test("a row whose key disappears during a run does not end it")
    func nullKeyDuringRun() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run("ALTER TABLE datasets DROP COLUMN id, ADD COLUMN id bigint UNIQUE")
            try await database.run(
                "INSERT INTO datasets (id, title, enrichment_status) VALUES (1, 'One', 'enriched'), (2, 'Two', 'enriched')"
            )
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.contains("One") }) else { return }
                try await database.run("UPDATE datasets SET id = NULL WHERE id = 2")
            }
            let report = try await fixture.drain(encoder, connections: 1) { $0.batchSize = 1 }
            #expect(report.exitReason == .drained)
        }
    }

    // MARK: - Side tables

    /// A way in which a side table cannot be written, which the catalog of privileges does not show.
    enum Obstacle: String, CaseIterable, Sendable {
        case noUniqueIndex = "ALTER TABLE TABLE_NAME DROP CONSTRAINT TABLE_NAME_pkey"
        case rule = "CREATE RULE r AS ON INSERT TO TABLE_NAME DO INSTEAD NOTHING"
        case generatedColumn =
            "ALTER TABLE TABLE_NAME DROP COLUMN source_fingerprint, ADD COLUMN source_fingerprint bytea GENERATED ALWAYS AS ('\\x00'::bytea) STORED"
        case otherType =
            "ALTER TABLE TABLE_NAME DROP COLUMN model_fingerprint CASCADE, ADD COLUMN model_fingerprint jsonb"
        case noPolicy = "ALTER TABLE TABLE_NAME ENABLE ROW LEVEL SECURITY"
        case falsePolicy =
            "ALTER TABLE TABLE_NAME ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON TABLE_NAME USING (false)"
        case readingPolicy =
            "ALTER TABLE TABLE_NAME ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON TABLE_NAME FOR SELECT USING (true)"
    }

    @Test(
        "a side table that the server will refuse is left out, after one warning",
        arguments: ["embedding_failure", "embedding_state"], Obstacle.allCases)
    func sideTable(table: String, obstacle: Obstacle) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(3)
            try await database.withRole { role, url in
                try await database.run(
                    """
                    GRANT SELECT, UPDATE ON datasets TO \(role);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_failure, embedding_state TO \(role);
                    \(obstacle.rawValue.replacing("TABLE_NAME", with: table))
                    """)
                let log = RecordedLog()
                let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
                #expect(report.processed == 3 && report.exitReason == .drained)
                #expect((report.quarantined == nil) == (table == "embedding_failure"))
                let warnings = log.entries(containing: "going on without")
                #expect(warnings.map(\.message) == ["going on without the side table \(table)"])
            }
        }
    }

    @Test("a side table under row-level security is used once the policy of the warning is there")
    func policy() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(3)
            try await database.withRole { role, url in
                try await database.run(
                    """
                    GRANT SELECT, UPDATE ON datasets TO \(role);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_failure, embedding_state TO \(role);
                    ALTER TABLE embedding_failure ENABLE ROW LEVEL SECURITY;
                    ALTER TABLE embedding_state ENABLE ROW LEVEL SECURITY
                    """)
                var log = RecordedLog()
                _ = try await fixture.forecast(StubEncoder(), url: url, log: log.logger)
                let remedies = log.entries(containing: "going on without").compactMap { $0.values["remedy"] }
                #expect(remedies.count == 2)
                for remedy in remedies { try await database.run(remedy) }
                log = RecordedLog()
                let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
                #expect(report.processed == 3 && report.quarantined == 0)
                #expect(log.entries(containing: "going on without").isEmpty)
                #expect(try await database.number("SELECT count(*) FROM embedding_state") == 3)
            }
        }
    }

    @Test("a policy whose condition refuses a row is found when it does, and the batch is written nevertheless")
    func conditionalPolicy() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(3)
            try await database.withRole { role, url in
                try await database.run(
                    """
                    GRANT SELECT, UPDATE ON datasets TO \(role);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_failure, embedding_state TO \(role);
                    ALTER TABLE embedding_state ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY tenant ON embedding_state USING (column_name = current_setting('app.tenant', true))
                    """)
                let log = RecordedLog()
                let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
                #expect(report.processed == 3 && report.exitReason == .drained)
                let warnings = log.entries(containing: "going on without")
                #expect(warnings.map(\.message) == ["going on without the side table embedding_state"])
                #expect(warnings.first?.values["remedy"]?.hasPrefix("CREATE POLICY") == true)
            }
        }
    }

    @Test("replacing outdated vectors is refused if it is the state table that cannot be used")
    func staleWithoutState() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            try await database.run("ALTER TABLE embedding_state DROP CONSTRAINT embedding_state_pkey")
            #expect(try await refusal(fixture) { $0.replacesOutdated = true }.contains("embedding_state"))
        }
    }

    // MARK: - What the look itself does

    @Test("nothing is run of what is looked at, so a trigger does not fire")
    func runsNothing() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'fired'; END $$;
                CREATE TRIGGER complain BEFORE UPDATE ON datasets FOR EACH STATEMENT EXECUTE FUNCTION complain()
                """)
            let report = try await fixture.drain(StubEncoder())
            #expect(report.exitReason == .drained)
        }
    }

    @Test("a column that can never be NULL is warned of, because no row of it can wait")
    func notNull() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run("ALTER TABLE datasets ALTER COLUMN embedding SET NOT NULL")
            let log = RecordedLog()
            _ = try await fixture.drain(StubEncoder(), log: log.logger)
            let remedy = log.entries(containing: "no row can wait").first?.values["remedy"]
            #expect(remedy == "ALTER TABLE public.datasets ALTER COLUMN embedding DROP NOT NULL")
        }
    }
}
