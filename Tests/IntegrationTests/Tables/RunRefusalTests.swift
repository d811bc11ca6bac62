import ComputeTestSupport
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Servers that cannot be used and models that cannot be loaded.
@Suite("embedding-job run, before it begins,")
struct RunRefusalTests {
    private static let password = BuiltExecutable.Outcome.password

    private func run(_ url: String, deadline: Duration = .seconds(120)) async throws -> BuiltExecutable.Outcome {
        try await BuiltExecutable().run(
            ["run", "--model", Fixtures.toyModel, "--database-url", url, "--db-retry-seconds", "1"], deadline: deadline)
    }

    @Test(
        "refuses a malformed connection string without quoting it",
        arguments: [
            "nonsense", "postgresql://user:\(password)@host:port/db", "postgresql://user:\(password)@host/db?shoe=size",
            "postgresql://user:\(password)@[::1/db", "postgresql://user:\(password)/x@127.0.0.1/db",
            "postgresql://user:\(password)@127.0.0.1:99999/db", "host=h passwort=\(password)", "postgresql://%zz@h/d",
        ])
    func malformedURL(url: String) async throws {
        try await run(url).expectRefusal(78, "configuration", naming: ["connection string is malformed"])
    }

    @Test("asks to be tried again when the server's port is closed")
    func closedPort() async throws {
        let port = try ServerPort(accepts: false)
        let outcome = try await run("postgresql://user:\(Self.password)@127.0.0.1:\(port.number)/db")
        try outcome.expectRefusal(75, "database", naming: ["127.0.0.1:\(port.number)/db", "refused"], retries: true)
    }

    @Test("gives up a server that accepts and stays silent after its connect_timeout")
    func silentServer() async throws {
        let port = try ServerPort(accepts: true)
        let url = "postgresql://user:\(Self.password)@127.0.0.1:\(port.number)/db?connect_timeout=1"
        // One second for the connection; the rest is for a busy machine.
        let outcome = try await run(url, deadline: .seconds(20))
        try outcome.expectRefusal(
            75, "database", naming: ["127.0.0.1:\(port.number)/db", "within 1.0 seconds"], retries: true)
    }

    @Test("names a host that does not exist")
    func unknownHost() async throws {
        // RFC 6761 reserves the name, so no resolver knows it.
        let outcome = try await run("postgresql://user:\(Self.password)@database.invalid/db")
        try outcome.expectRefusal(75, "database", naming: ["database.invalid"], retries: true)
    }

    @Test("refuses a database that does not exist", .requiresPostgres)
    func absentDatabase() async throws {
        let server = try #require(TemporaryPostgres.url)
        var url = try #require(URLComponents(string: server))
        url.path = "/absent_\(UUID().uuidString)"
        let outcome = try await run(try #require(url.string))
        try outcome.expectRefusal(78, "configuration", naming: [String(url.path.dropFirst()), "does not exist"])
        if let password = url.password { #expect(!outcome.standardError.contains(password)) }
    }

    @Test("refuses a wrong password without showing it", .requiresPostgres)
    func wrongPassword() async throws {
        try await withDatasets { datasets in
            try await datasets.withRole { role, url in
                let right = try await datasets.run(["status"], url: url)
                try #require(!right.standardError.contains("password"), "the server must know the role")
                let wrong = Self.password + "x"
                let outcome = try await datasets.run(
                    url: try datasets.database.url(user: role, password: wrong))
                try outcome.expectRefusal(78, "configuration", naming: ["password authentication failed"])
            }
        }
    }

    @Test(
        "refuses a model folder with a defect, by file or tensor", .requiresPostgres,
        arguments: ToyModel.Defect.allCases)
    func model(defect: ToyModel.Defect) async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('Sea ice', 'enriched')")
            let model = try ToyModel(in: datasets.job, named: "model", defect)
            let outcome = try await datasets.run(["run", "--model", model.path])
            try outcome.expectRefusal(78, "configuration", naming: [defect.mention])
            #expect(try await datasets.database.number("SELECT count(embedding) FROM datasets") == 0)
        }
    }
}
