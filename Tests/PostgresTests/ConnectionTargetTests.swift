import Postgres
import Testing

@Suite("Connection strings")
struct ConnectionTargetTests {
    private func targets(_ connectionString: String) throws -> [ConnectionTarget] {
        try ConnectionTarget.targets(of: connectionString, applicationName: "job/pod")
    }

    @Test("Defaults are added where the string has none")
    func defaults() throws {
        let target = try #require(try targets("postgresql://u:p@db.example.org:5433/catalog").first)
        #expect(target.value(of: "host") == "db.example.org")
        #expect(target.value(of: "password") == "p")
        #expect(target.value(of: "target_session_attrs") == "primary")
        #expect(target.value(of: "keepalives_idle") == "15")
        #expect(target.value(of: "tcp_user_timeout") == "20000")
        #expect(target.value(of: "client_encoding") == "UTF8")
        #expect(target.value(of: "fallback_application_name") == "job/pod")
        #expect(target.endpoint == "db.example.org:5433/catalog")
        #expect(target.timeout == nil)
        #expect(!target.demandsEncryption)
    }

    @Test("What the string says wins, except the encoding")
    func overrides() throws {
        let target = try #require(
            try targets(
                "host=h dbname=d target_session_attrs=any keepalives_idle=99 client_encoding=LATIN1 connect_timeout=7 "
                    + "sslmode=verify-full"
            ).first)
        #expect(target.value(of: "target_session_attrs") == "any")
        #expect(target.value(of: "keepalives_idle") == "99")
        #expect(target.value(of: "client_encoding") == "UTF8")
        #expect(target.timeout == .seconds(7))
        #expect(target.demandsEncryption)
        #expect(Set(target.settings.map(\.keyword)).count == target.settings.count)
    }

    @Test("Several hosts become several targets, each with its port")
    func hosts() throws {
        #expect(try targets("postgres://u@a:1,b:2/d").map(\.endpoint) == ["a:1/d", "b:2/d"])
        #expect(try targets("host=a,b port=7 dbname=d").map(\.endpoint) == ["a:7/d", "b:7/d"])
        #expect(
            try targets("hostaddr=::1,127.0.0.1 dbname=d port=5432").map(\.endpoint) == [
                "[::1]:5432/d", "127.0.0.1:5432/d",
            ])
        #expect(try targets("host=/run/postgresql dbname=d port=5432").map(\.endpoint) == ["/run/postgresql:5432/d"])
    }

    @Test("Lists that do not match are refused")
    func mismatchedLists() async throws {
        let error = #expect(throws: PostgresError.self) { try targets("host=a,b port=1,2,3 dbname=d") }
        #expect(error?.description.contains("could not match 3 port numbers to 2 hosts") == true)
        #expect(error?.disposition == .configuration)
    }

    @Test(
        "A malformed string is an error that shows nothing of it",
        arguments: [
            "postgresql://u:hunter2@[::1", "postgresql://u:hunter2%zz@h/d", "postgresql://u:x@hunter2@h/d",
            "postgresql://u:12/hunter2@h/d", "postgresql://u:hunter2/x@h/d", "postgresql://u:x@h/d?hunter2=1",
            "hunter2", "host=h password='hunter2", "postgresql://u:x@h/d?sslmode=hunter2",
            "host=h port=hunter2", "host=h hunter2", "host=h password=a\0hunter2",
        ])
    func malformed(connectionString: String) async {
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresSession.connect(to: connectionString, applicationName: "tests")
        }
        guard case .malformedConnectionString(let reason) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty)
        #expect(!String(reflecting: error).contains("hunter2"))
        #expect(error?.description.contains("hunter2") == false)
    }
}
