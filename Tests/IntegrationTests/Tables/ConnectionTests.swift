import ComputeTestSupport
import DatasetTable
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Where a server's name and password come from, seen through the executable.
@Suite("embedding-job connects", .requiresPostgres)
struct ConnectionSettingsTests {
    private static let password = BuiltExecutable.Outcome.password

    /// What libpq's variables say of a database; the password with the line feed of a file.
    private func variables(_ url: String) throws -> [String: String] {
        let components = try #require(URLComponents(string: url))
        return [
            "PGHOST": try #require(components.host), "PGPORT": "\(try #require(components.port))",
            "PGUSER": try #require(components.user), "PGPASSWORD": try #require(components.password) + "\n",
            "PGDATABASE": String(components.path.dropFirst()),
        ]
    }

    private func expectCounts(
        _ datasets: Datasets, _ environment: [String: String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await datasets.job.run(["status", "--json"], environment: environment)
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)", sourceLocation: sourceLocation)
        #expect(outcome.output.hasPrefix("{\"by_status\":"), sourceLocation: sourceLocation)
    }

    @Test("by libpq's variables alone")
    func variables() async throws {
        try await withDatasets { try await expectCounts($0, try variables($0.database.url)) }
    }

    @Test("by libpq's variables in .env, however it was saved")
    func variablesOfFile() async throws {
        try await withDatasets { datasets in
            let lines = try variables(datasets.database.url).map { "export \($0)=\"\($1)\" # from a note\r\n" }
            try datasets.job.write("\u{FEFF}" + lines.joined(), to: ".env")
            try await expectCounts(datasets, [:])
            // Those of the environment go before.
            let outcome = try await datasets.job.run(["status"], environment: ["PGDATABASE": "there_is_none"])
            #expect(outcome.exitStatus == 78)
            #expect(outcome.standardError.contains("there_is_none"))
        }
    }

    @Test("by a URL and the password of .env")
    func passwordOfFile() async throws {
        try await withDatasets { datasets in
            var components = try #require(URLComponents(string: datasets.database.url))
            try datasets.job.write("PGPASSWORD='\(try #require(components.password))'\r\n", to: ".env")
            components.password = nil
            try await expectCounts(datasets, ["DATABASE_URL": try #require(components.string)])
        }
    }

    @Test("by a service file alone, in the environment or named by the string", arguments: [true, false])
    func service(isNamedByString: Bool) async throws {
        try await withDatasets { datasets in
            let variables = try variables(datasets.database.url)
            let lines = variables.map { name, value in
                let keyword = name == "PGDATABASE" ? "dbname" : name.dropFirst(2).lowercased()
                return "\(keyword)=\(value.trimmingCharacters(in: .newlines))\n"
            }
            try datasets.job.write("[catalog]\n" + lines.joined(), to: "services.conf")
            let service = isNamedByString ? ["DATABASE_URL": "service=catalog"] : ["PGSERVICE": "catalog"]
            try await expectCounts(datasets, service.merging(["PGSERVICEFILE": "services.conf"]) { $1 })

            let absent = try await datasets.job.run(
                ["status"], environment: ["PGSERVICE": "there_is_none", "PGSERVICEFILE": "services.conf"])
            #expect(absent.exitStatus == 78)
            #expect(absent.standardError.contains("service"))

            // A server without TLS is not talked to in plain text where it is to be verified.
            try datasets.job.write("[catalog]\nsslrootcert=system\n" + lines.joined(), to: "services.conf")
            let plain = try await datasets.job.run(
                ["status"],
                environment: service.merging(["PGSSLROOTCERT": "", "PGSERVICEFILE": "services.conf"]) { $1 })
            #expect(plain.exitStatus == 78 && plain.standardOutput.isEmpty)
            #expect(plain.standardError.contains("server does not support SSL"))
        }
    }

    @Test("by a secret that was made for another library and ends in a line feed")
    func foreignURL() async throws {
        try await withDatasets { datasets in
            let url = datasets.database.url.replacing("postgresql://", with: "postgresql+psycopg2://")
            try await expectCounts(datasets, ["DATABASE_URL": "\"\(url)?pgbouncer=true&connection_limit=1\"\n"])
        }
    }

    @Test("to nothing without being told to what", arguments: [nil, "", "   ", "\n"])
    func nothing(url: String?) async throws {
        let environment = ["PGUSER": "me", "PGPORT": "1"].merging(url.map { ["DATABASE_URL": $0] } ?? [:]) { $1 }
        let arguments = ["status"] + (url.map { ["--database-url", $0] } ?? [])
        let outcome = try await BuiltExecutable().run(arguments, environment: environment)
        #expect(outcome.exitStatus == 78)
        for name in ["--database-url", "DATABASE_URL", "PGHOST", "PGSERVICE"] {
            #expect(outcome.standardError.contains(name))
        }
    }

    @Test(
        "to nothing, and shows no password, if a whole connection string stands where a name belongs",
        arguments: [
            ["DATABASE_URL": "dbname=postgresql://user:\(password)@127.0.0.1:1/x"],
            ["PGDATABASE": "postgresql://user:\(password)@127.0.0.1:1/x"],
            ["PGHOST": "postgresql://user:\(password)@127.0.0.1:1/x"], ["PGHOST": "user:\(password)@127.0.0.1"],
            ["PGSERVICE": "host=127.0.0.1 password=\(password)"],
            ["DATABASE_URL": "postgresql://127.0.0.1:1/x", "PGUSER": "postgres://user:\(password)@127.0.0.1:1/x"],
            ["DATABASE_URL": "mysql+pymysql://user:\(password)@127.0.0.1:1/x"],
        ])
    func misplaced(environment: [String: String]) async throws {
        let environment = environment.merging(["EMBEDDING_MODEL": Fixtures.toyModel]) { $1 }
        let outcome = try await BuiltExecutable().run(["run"], environment: environment)
        try outcome.expectRefusal(78, "configuration", naming: ["connection string"])
    }

    @Test("and writes to a database that is read-only by default")
    func readOnlyDefault() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('Sea ice', 'enriched')")
            try await datasets.database.run(
                "ALTER DATABASE \(datasets.database.name) SET default_transaction_read_only = on")
            let outcome = try await datasets.run()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(try RunReportLine(outcome).processed == 1)
        }
    }
}

/// Servers that do not behave, seen through the executable.
@Suite("embedding-job, before a server that", .timeLimit(.minutes(30)))
struct HostileConnectionTests {
    private func run(
        _ arguments: [String] = ["run"], _ behaviour: @escaping FakeServer.Behaviour
    ) async throws -> BuiltExecutable.Outcome {
        try await withFakeServer(behaviour) { server in
            try await BuiltExecutable().run(
                arguments + ["--model", Fixtures.toyModel, "--database-url", server.url, "--db-retry-seconds", "1"])
        }
    }

    @Test("sends notices for ever, ends with 75 all the same")
    func endless() async throws {
        let outcome = try await run { connection in
            try connection.start()
            try connection.send(FakeConnection.message("R", FakeConnection.bigEndian(Int32(0))))
            while true {
                try connection.send(FakeConnection.notice("wait"))
                usleep(10_000)
            }
        }
        try outcome.expectRefusal(75, "database", naming: ["did not complete the connection"], retries: true)
    }

    @Test("answers with ten megabytes of words, writes short lines", arguments: ["57P03", "42501"])
    func longMessage(code: String) async throws {
        let outcome = try await run { connection in
            try connection.logIn()
            try connection.receiveStatement()
            let words = "\u{1b}[2J" + String(repeating: "no ", count: 3_500_000)
            try connection.send(FakeConnection.error(code, words, severity: "ERROR") + FakeConnection.end())
            try connection.waitForEnd()
        }
        #expect(outcome.exitStatus == (code == "42501" ? 78 : 75))
        #expect(outcome.standardError.contains("no no no"))
        #expect(!outcome.standardError.contains("\u{1b}"))
        for line in outcome.errorLines { #expect(line.utf8.count < 2000) }
    }

    @Test(
        "lets nobody in, says why and never calls it a defect of its own",
        arguments: [
            ("08P01", "no such user: user", Int32(78)), ("XX000", "Tenant or user not found", 78),
            ("42601", "invalid command-line argument for server process: endpoint=x", 78),
            ("08P01", "unsupported startup parameter: options", 78),
            ("XX000", "Your account or project has exceeded the compute time quota.", 75),
            ("55000", "database \"db\" is not currently accepting connections", 75),
            ("58P01", "could not access file \"pgaudit\": No such file or directory", 75),
            ("F0000", "could not load pg_hba.conf", 75),
        ])
    func logIn(code: String, message: String, status: Int32) async throws {
        let outcome = try await run { connection in
            try connection.start()
            try connection.send(FakeConnection.error(code, message))
        }
        try outcome.expectRefusal(
            status, status == 78 ? "configuration" : "database", naming: [message, code], retries: status == 75)
    }

    @Test("pools statements, says so and what to do")
    func statementPooling() async throws {
        let outcome = try await run { connection in
            try connection.logIn()
            try connection.receiveStatement()
            try connection.send(
                FakeConnection.error("08P01", "transaction blocks not allowed in statement pooling mode"))
        }
        try outcome.expectRefusal(
            78, "configuration", naming: ["statement pooling mode", "transaction or session mode"])
    }
}

/// A standby is good enough for what only reads.
@Suite("embedding-job on a standby", .requiresPostgres, .timeLimit(.minutes(30)))
struct StandbyTests {
    @Test("reads, and does not write")
    func standby() async throws {
        try await withPrivateServer { primary in
            try await withPrivateServer(standbyOf: primary) { standby in
                let database = try await TemporaryDatabase.create(on: primary)
                let datasets = Datasets(database: database, job: try BuiltExecutable())
                _ = try await DatasetFixture(database, dimension: Goldens.toyDimension)
                try await database.run("INSERT INTO datasets (title, enrichment_status) VALUES ('Sea ice', 'enriched')")
                #expect(try await datasets.run().exitStatus == 0)
                try await database.wait(
                    until: "EXISTS (SELECT FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn())")

                let url = database.replicated(on: standby).url
                for command in [["status"], ["verify"], ["run", "--dry-run"], ["backfill", "plan"]] {
                    let outcome = try await datasets.run(command, url: url)
                    #expect(outcome.exitStatus == 0, "\(command): \(outcome.standardError)")
                }
                let refused = try await datasets.run(["run", "--db-retry-seconds", "1"], url: url)
                try refused.expectRefusal(75, "database", naming: ["server is in hot standby mode"], retries: true)
            }
        }
    }
}
