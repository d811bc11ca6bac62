import BatchJob
import DatasetSearch
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import TaskBoard
import Testing

/// Functions and operators of others in a schema of the search path, which statements must pass over.
@Suite("On the search path, a function of somebody else", .requiresPostgres, .timeLimit(.minutes(30)))
struct SearchPathTests {
    private static let old = StubEncoder()
    private static let next = StubEncoder(dimension: 6, seed: 77)

    /// Whatever is called like something in `pg_catalog` that statements use, with the same arguments, fails; `public` comes
    /// first on the search path of the role.
    @Test("is not run by any command, even where it is found first")
    func shadows() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            try await database.run(
                "INSERT INTO datasets (title, enrichment_status) SELECT ' ', 'enriched' FROM generate_series(1, 3)")
            try await database.run(Self.shadows)
            try await database.withRole { role, url in
                try await database.run(
                    "ALTER ROLE \(role) SUPERUSER; ALTER ROLE \(role) SET search_path = public, pg_catalog")
                try await Self.expectShadowed(url)
                try await exerciseRun(fixture, url)
                try await exerciseSearch(fixture, url)
                try await exerciseChange(fixture, url)
                try await exerciseTasks(fixture, url)
            }
        }
    }

    private func exerciseRun(_ fixture: DatasetFixture, _ url: String) async throws {
        let session = try await PostgresSession.connect(to: url, applicationName: "embedding-job test")
        let schema = try await TableSchema(
            names: fixture.names, dimension: nil, defaultDimension: { 4 }, hnsw: true, reading: session,
            log: fixture.log)
        try await schema.apply(session, log: fixture.log)

        #expect(try await fixture.forecast(Self.old, url: url).remaining == 33)
        let report = try await fixture.drain(Self.old, url: url)
        #expect(report.processed == 30 && report.failed == 3 && report.exitReason == .drained)
        #expect(try await fixture.expectNoStaleVector(Self.old) == 30)
        #expect(try await fixture.verify(Self.old, url: url).exact == 30)
        #expect(try await fixture.status(url: url).eligible == 33)

        try await fixture.database.run("UPDATE datasets SET title = title || '!' WHERE id = 1")
        let stale = try await fixture.drain(Self.old, url: url) {
            ($0.replacesOutdated, $0.replacesMany) = (true, true)
        }
        #expect(stale.processed == 1 && stale.exitReason == .drained)

        let table = try await Preflight(session: session, names: fixture.names, log: fixture.log).check(for: .ledger)
        #expect(try await FailureLedger(table).forget(nil, session).count == 3)
        await session.close()
    }

    private func exerciseSearch(_ fixture: DatasetFixture, _ url: String) async throws {
        try await fixture.prepareSearch(url: url)
        #expect(try await fixture.drain(Self.old, url: url).exitReason == .drained)
        try await fixture.refreshScores(url: url)
        let vector = Self.old.vector(of: "any")
        var settings = SearchSettings()
        (settings.fusion, settings.limit) = (.reciprocalRank, 50)
        let hits = try await fixture.withSearch(url: url) {
            try await $0.search(try Question("datasets -\"number 7\""), vector: vector, settings)
        }
        #expect(hits.count == 29 && hits.allSatisfy { ($0.parts.keyword ?? 0) > 0 })
        let session = try await PostgresSession.connect(to: url, applicationName: "embedding-job test")
        let statement = PostgresStatement(
            name: "call", sql: "SELECT id FROM search_datasets('datasets -\"number 7\"', '\(vector)', 50)")
        #expect(try await session.execute(statement).count == 29)
        await session.close()
    }

    private func exerciseTasks(_ fixture: DatasetFixture, _ url: String) async throws {
        let open: TaskClaims.Open = { () async throws(PostgresError) in
            try await PostgresSession.connect(to: url, applicationName: "embedding-job test")
        }
        let session = try await open()
        try await TaskSchema(of: fixture.names, reading: session).apply(session)
        let board = try await TaskBoard(of: fixture.names, for: .queue, session: session)
        let task = try await board.enqueue(TaskArguments()).task
        #expect(try await board.enqueue(TaskArguments()).isDeduplicated)
        for status: Int32 in [75, 0] {
            let claims = try await TaskClaims.claim(
                task.id, of: fixture.names, runner: "test", session: session, open: open, log: fixture.log)
            #expect(await !claims.lookAfter())
            #expect(try await board.recoverLost().isEmpty)
            await claims.end(exitStatus: status, report: "{}", error: nil)
        }
        #expect(try await board.list(limit: 10).tasks.map(\.state) == [.succeeded])
        _ = try await board.cancel(task.id)
        await session.close()
    }

    private func exerciseChange(_ fixture: DatasetFixture, _ url: String) async throws {
        #expect(await fixture.change(url: url).fill(Self.next).processed == 30)
        #expect(await fixture.change(url: url).verify(Self.next).exitReason == .verified)
        #expect(await fixture.change(url: url).cutOver(Self.next).exitReason == .drained)
        #expect(await fixture.change(url: url).rollBack(nil).exitReason == .drained)
        #expect(await fixture.change(url: url).cutOver(Self.next).exitReason == .drained)
        #expect(try await fixture.change(url: url).dropOld(isConfirmed: true).isDone)
        #expect(try await fixture.expectNoStaleVector(Self.next) == 30)
    }

    /// Fails the test if the shadows are not found first.
    private static func expectShadowed(_ url: String) async throws {
        let session = try await PostgresSession.connect(to: url, applicationName: "embedding-job test")
        for sql in ["SELECT left('a', 1)", "SELECT 1 = 1", "SELECT format('%s %s', 'a'::name, 'b'::name)"] {
            await #expect(throws: PostgresError.self, "\(sql)") {
                try await session.execute(PostgresStatement(name: "shadowed", sql: sql))
            }
        }
        await session.close()
    }

    /// A function in `public` for each of `pg_catalog` that statements call or that an operator stands for, which fails.
    ///
    /// Those that cannot be declared in PL/pgSQL are left out.
    private static let shadows = """
        DO $shadow$
        DECLARE
            f record;
            body text := $body$ LANGUAGE plpgsql AS 'BEGIN RAISE ''a function of somebody else was run''; END'$body$;
        BEGIN
            FOR f IN
                SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments,
                    pg_get_function_result(p.oid) AS result
                FROM pg_proc p
                WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname IN ('aclexplode', 'array_agg',
                    'array_remove', 'array_to_string', 'bool_and', 'bool_or', 'btrim', 'cardinality', 'col_description',
                    'convert_to', 'count', 'current_database', 'current_setting', 'date_part', 'encode', 'format', 'format_type', 'generate_series',
                    'has_column_privilege', 'has_schema_privilege', 'has_table_privilege', 'hashtextextended', 'left',
                    'ln', 'lower', 'max', 'min', 'now', 'numnode', 'octet_length', 'phraseto_tsquery', 'pg_advisory_xact_lock', 'pg_describe_object',
                    'pg_get_expr', 'pg_get_indexdef', 'pg_get_userbyid', 'pg_has_role', 'pg_is_in_recovery',
                    'pg_partition_tree', 'pg_relation_size', 'pg_size_bytes', 'pg_table_is_visible', 'pg_table_size',
                    'pg_try_advisory_xact_lock', 'pg_type_is_visible', 'power', 'quote_ident', 'quote_literal',
                    'regexp_matches', 'regexp_replace', 'replace', 'row_number', 'row_security_active', 'set_config',
                    'setweight', 'sha256', 'string_agg', 'substr', 'substring', 'sum', 'timezone', 'to_char', 'to_tsvector', 'ts_parse',
                    'ts_rank_cd', 'ts_stat', 'tsvector_to_array', 'unnest', 'websearch_to_tsquery')
            LOOP
                BEGIN
                    EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s', f.proname, f.arguments, f.result) || body;
                EXCEPTION WHEN OTHERS THEN
                END;
            END LOOP;
            EXECUTE 'CREATE FUNCTION public.format(text, name, name) RETURNS text' || body;
            FOR f IN
                SELECT o.oid, o.oprname, format_type(o.oprleft, NULL) AS l, format_type(o.oprright, NULL) AS r,
                    format_type(o.oprresult, NULL) AS result
                FROM pg_operator o
                WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprkind = 'b'
                    AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '/', '&', '||', '@>', '@@', '~~',
                        '*=')
            LOOP
                BEGIN
                    EXECUTE format('CREATE FUNCTION public.shadow_%s(%s, %s) RETURNS %s', f.oid, f.l, f.r, f.result)
                        || body;
                    EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.shadow_%s)',
                        f.oprname, f.l, f.r, f.oid);
                EXCEPTION WHEN OTHERS THEN
                END;
            END LOOP;
        END $shadow$
        """

    /// The two ways in that are open without any setting: arguments that another function fits better, and `varchar`, which
    /// has no operators of its own.
    @Test("is not run because it fits the arguments better")
    func betterMatch() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                ALTER TABLE datasets ALTER title TYPE varchar, ALTER description TYPE varchar,
                    ALTER enrichment_status TYPE varchar;
                CREATE TABLE loot (who text);
                CREATE FUNCTION concat_ws(text, text, text, text) RETURNS text LANGUAGE plpgsql AS
                    $$ BEGIN INSERT INTO loot VALUES (current_user); RETURN 'text of somebody else'; END $$;
                CREATE FUNCTION "left"(varchar, int) RETURNS text LANGUAGE sql AS $$ SELECT 'text of somebody else' $$;
                CREATE FUNCTION octet_length(varchar) RETURNS int LANGUAGE sql AS $$ SELECT 1 / 0 $$;
                CREATE FUNCTION never(varchar, varchar) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
                CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = never)
                """)
            try await fixture.insert(20)
            let report = try await fixture.drain(Self.old)
            #expect(report.processed == 20 && report.exitReason == .drained)
            #expect(try await database.number("SELECT count(*) FROM loot") == 0)
            let titles = try await database.query("SELECT title, description, embedding FROM datasets")
            for row in titles {
                let title = try row.text("title")
                let text = "\(title) \(title) \(try row.text("description"))"
                #expect(try row.vector("embedding") == Self.old.vector(of: text))
            }
        }
    }

    /// A type of an extension, as citext is, compares by operators of its own.
    @Test("is used where the type of the key and the status is compared by it")
    func operatorsOfType() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(Self.caselessType)
            try await database.run(
                """
                DROP TABLE datasets, embedding_state, embedding_failure;
                CREATE TABLE datasets (id citext PRIMARY KEY, title text, description text, enrichment_status citext,
                    is_active boolean NOT NULL DEFAULT true, embedding vector(4));
                INSERT INTO datasets (id, title, enrichment_status) VALUES
                    ('a', 'one', 'ENRICHED'), ('B', 'two', 'Enriched'), ('c', ' ', 'enriched'), ('d', 'four', 'raw')
                """)
            let session = try await database.connect()
            let schema = try await TableSchema(
                names: fixture.names, dimension: nil, defaultDimension: { 4 }, hnsw: false, reading: session,
                log: fixture.log)
            try await schema.apply(session, log: fixture.log)
            let log = RecordedLog()
            let report = try await fixture.drain(Self.old, log: log.logger)
            #expect(report.processed == 2 && report.failed == 1 && report.exitReason == .drained)
            let table = try await Preflight(session: session, names: fixture.names, log: fixture.log)
                .check(for: .ledger)
            let forgotten = try await FailureLedger(table).forget(["C", "b"], session)
            #expect(forgotten.count == 1 && forgotten.unknownKeys == ["b"])
            await session.close()
            #expect(log.entries(containing: "no partial index").isEmpty)
            #expect(log.entries(containing: "no row is known to have the status").isEmpty)
            #expect(try await database.texts("SELECT dataset_id::text FROM embedding_state ORDER BY 1") == ["B", "a"])
            #expect(try await fixture.verify(Self.old).exact == 2)
        }
    }

    /// What the extension citext makes, as far as keys and a status need it.
    private static let caselessType = """
        CREATE TYPE citext;
        CREATE FUNCTION citextin(cstring) RETURNS citext LANGUAGE internal IMMUTABLE STRICT AS 'textin';
        CREATE FUNCTION citextout(citext) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
        CREATE FUNCTION citextrecv(internal) RETURNS citext LANGUAGE internal STABLE STRICT AS 'textrecv';
        CREATE FUNCTION citextsend(citext) RETURNS bytea LANGUAGE internal STABLE STRICT AS 'textsend';
        CREATE TYPE citext (INPUT = citextin, OUTPUT = citextout, RECEIVE = citextrecv, SEND = citextsend,
            INTERNALLENGTH = VARIABLE, STORAGE = extended, CATEGORY = 'S', COLLATABLE = true);
        CREATE CAST (citext AS text) WITHOUT FUNCTION AS IMPLICIT;
        CREATE CAST (text AS citext) WITHOUT FUNCTION AS ASSIGNMENT;
        CREATE FUNCTION citext_cmp(citext, citext) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS
            $$ SELECT bttextcmp(lower($1::text), lower($2::text)) $$;
        CREATE FUNCTION citext_lt(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS
            $$ SELECT lower($1::text) < lower($2::text) $$;
        CREATE FUNCTION citext_le(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS
            $$ SELECT lower($1::text) <= lower($2::text) $$;
        CREATE FUNCTION citext_eq(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS
            $$ SELECT lower($1::text) = lower($2::text) $$;
        CREATE FUNCTION citext_ge(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS
            $$ SELECT lower($1::text) >= lower($2::text) $$;
        CREATE FUNCTION citext_gt(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS
            $$ SELECT lower($1::text) > lower($2::text) $$;
        CREATE OPERATOR < (LEFTARG = citext, RIGHTARG = citext, FUNCTION = citext_lt);
        CREATE OPERATOR <= (LEFTARG = citext, RIGHTARG = citext, FUNCTION = citext_le);
        CREATE OPERATOR = (LEFTARG = citext, RIGHTARG = citext, FUNCTION = citext_eq, MERGES);
        CREATE OPERATOR >= (LEFTARG = citext, RIGHTARG = citext, FUNCTION = citext_ge);
        CREATE OPERATOR > (LEFTARG = citext, RIGHTARG = citext, FUNCTION = citext_gt);
        CREATE OPERATOR CLASS citext_ops DEFAULT FOR TYPE citext USING btree AS
            OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 citext_cmp(citext, citext)
        """
}
