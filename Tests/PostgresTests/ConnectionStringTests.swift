import Foundation
import Postgres
import Testing

/// Connection strings as environments, secrets and other libraries hold them.
@Suite("A connection string that was not written for libpq")
struct ConnectionStringTests {
    private func target(_ connectionString: String) throws -> ConnectionTarget {
        try #require(try ConnectionTarget.targets(of: connectionString, applicationName: "tests").first)
    }

    private func reason(_ connectionString: String) throws -> String {
        let error = #expect(throws: PostgresError.self) { try target(connectionString) }
        guard case .malformedConnectionString(let reason) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return ""
        }
        #expect(error?.disposition == .configuration)
        #expect(!reason.contains("hunter2"))
        return reason
    }

    @Test(
        "is understood by its scheme",
        arguments: [
            "postgresql+psycopg2", "postgresql+psycopg", "postgresql+asyncpg", "postgres+asyncpg", "postgresql+pg8000",
            "postgresql+psycopg2cffi", "jdbc:postgresql", "JDBC:PostgreSQL", "Postgres", "pgsql", "psql", "postgis",
        ])
    func schemes(scheme: String) throws {
        let target = try target("\(scheme)://user:hunter2@db.example.org:5433/catalog?sslmode=require")
        #expect(target.endpoint == "db.example.org:5433/catalog")
        #expect(target.value(of: "user") == "user" && target.value(of: "password") == "hunter2")
        #expect(target.demandsEncryption)
    }

    @Test("of Java has the user and the password among its parameters")
    func java() throws {
        let target = try target("jdbc:postgresql://h:1,h2:2/d?user=u&password=hunter2&ssl=true&prepareThreshold=0")
        #expect(target.endpoint == "h:1/d" && target.value(of: "password") == "hunter2" && target.demandsEncryption)
    }

    @Test(
        "is refused by the name of its scheme or form if it is not PostgreSQL's",
        arguments: [
            ("mysql://u:hunter2@h/d", "scheme mysql"), ("mysql+pymysql://u:hunter2@h/d", "scheme mysql"),
            ("redis://:hunter2@h", "scheme redis"), ("sqlite:///hunter2.db", "scheme sqlite"),
            ("jdbc:postgresql:hunter2", "jdbc:"), ("dbi:Pg:dbname=d;password=hunter2", "dbi:"),
            ("pgsql:host=h;dbname=d;password=hunter2", "pgsql:"),
            ("Host=h;Port=5432;Username=u;Password=hunter2;Database=d", ".NET"),
            ("Server=h; User Id=u; Password=hunter2", ".NET"),
            ("psql 'postgresql://u:hunter2@h/d'", "a command"),
            ("postgresql://u:hunter2@h/d?\nsslmode=require", "line break"),
            ("postgres:hunter2@h/d", "neither a URL"), ("postgres:hunter2@h/d?sslmode=require", "neither a URL"),
            ("hunter2", "neither a URL"), ("//u:hunter2@h/d", "neither a URL"),
            ("$DATABASE_URL", "name of a variable"), ("${DATABASE_URL}", "name of a variable"),
            ("\"$(DATABASE_URL)\"", "name of a variable"), ("%DATABASE_URL%", "name of a variable"),
            ("{{ .Values.url }}", "name of a variable"),
            ("{\"url\":\"postgresql://u:hunter2@h/d\"}", "it is JSON"),
        ])
    func otherForms(connectionString: String, mention: String) throws {
        #expect(try reason(connectionString).contains(mention))
    }

    @Test(
        "may have parameters by which other libraries steer themselves",
        arguments: [
            "pgbouncer=true&connection_limit=1&pool_timeout=0&schema=public", "serverVersion=16&charset=utf8",
            "prepared_statement_cache_size=0&async_fallback=true", "uselibpqcompat=true&workaround=x", "",
            "binary_parameters=yes&pool_max_conn_lifetime=1h&pool_max_conn_idle_time=30m", "encoding=utf8&pool=5",
        ])
    func foreignParameters(parameters: String) throws {
        let target = try target("postgresql://u:a?b@h/d?\(parameters)&application_name=mine")
        #expect(target.value(of: "application_name") == "mine" && target.value(of: "password") == "a?b")
    }

    @Test(
        "says in its own way which TLS it wants",
        arguments: [
            ("ssl=true", "require"), ("ssl=1", "require"), ("ssl=require", "require"),
            ("ssl=verify-full", "verify-full"),
            ("sslmode=no-verify", "require"), ("ssl=false", "disable"), ("sslmode=verify-ca", "verify-ca"),
        ])
    func encryption(parameter: String, mode: String) throws {
        #expect(try target("postgresql://u@h/d?\(parameter)").value(of: "sslmode") == mode)
    }

    @Test(
        "is refused by the name of a parameter that means something here, with what to write instead",
        arguments: [
            ("schema=sales", "--table"), ("currentSchema=sales", "--table"), ("connectTimeout=5", "connect_timeout"),
            ("targetServerType=primary", "target_session_attrs"), ("ssl={\"ca\":\"hunter2\"}", "sslmode"),
            ("sslfactory=x", "sslrootcert"), ("timezone=UTC", "PGTZ"), ("statement_timeout=5s", "ALTER ROLE"),
            ("of_nobody=1", "libpq knows no parameter of_nobody"),
        ])
    func parametersThatMatter(parameter: String, mention: String) throws {
        let reason = try reason("postgresql://u:hunter2@h/d?\(parameter)")
        #expect(reason.contains(mention))
        #expect(reason.contains(String(parameter.prefix { $0 != "=" })))
    }

    @Test(
        "is refused by the name of a setting that is not known",
        arguments: [
            ("host=h passwrd=hunter2", "libpq knows no parameter passwrd"),
            ("host=h user_name=u password=hunter2", "libpq knows no parameter user_name"),
        ])
    func settings(connectionString: String, mention: String) throws {
        #expect(try reason(connectionString).contains(mention))
    }

    @Test(
        "is refused with the values that a setting may have, before anything is looked up",
        arguments: [
            ("host=h sslmode=REQUIRE", "sslmode must be disable, allow, prefer, require, verify-ca or verify-full"),
            ("postgresql://u:hunter2@h/d?sslmode=yes", "sslmode must be disable"),
            ("host=h target_session_attrs=hunter2", "target_session_attrs must be any, read-write"),
            ("host=h gssencmode=hunter2", "gssencmode must be disable"),
            ("host=h port=hunter2", "port must be a whole number"),
            ("host=h port=70000", "port must be a whole number from 1 to 65535"),
        ])
    func values(connectionString: String, mention: String) async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresSession.connect(to: connectionString, applicationName: "tests")
        }
        #expect(error?.disposition == .configuration && error?.description.contains("hunter2") == false)
        #expect(error?.description.contains(mention) == true, "\(String(describing: error))")
    }

    @Test(
        "keeps to itself what may be a piece of a password",
        arguments: [
            "host=h password=my hunter2=x", "postgresql://u:pa/ss?hunter2=1@h/d", "host=h password=my hunter2",
            "postgresql://u:my/hunter2@h/d", "postgresql://u:%hunter2@h/d",
        ])
    func pieces(connectionString: String) throws {
        _ = try reason(connectionString)
    }

    @Test("that trusts the system's authorities verifies the server, whichever libpq reads it")
    func systemCertificates() throws {
        for string in ["postgresql://u@h/d?sslrootcert=system", "host=h sslrootcert=system sslmode=verify-full"] {
            let target = try target(string)
            #expect(target.demandsEncryption && target.value(of: "sslmode") == "verify-full")
            // The word itself where libpq knows it, a file that there is where it does not.
            let file = try #require(target.value(of: "sslrootcert"))
            #expect(file == "system" || FileManager.default.isReadableFile(atPath: file))
        }
        for mode in ["disable", "allow", "require", "verify-ca"] {
            let reason = try reason("postgresql://u:hunter2@h/d?sslrootcert=system&sslmode=\(mode)")
            #expect(reason.contains("sslmode=verify-full"))
        }
    }

    @Test(
        "is read without what files, shells and containers leave around it",
        arguments: [
            "\(url)\n", "\(url)\r\n", "  \(url)  \n\n", "\u{FEFF}\(url)", "\"\(url)\"", "'\(url)'\n",
            "\t\" \(url) \"\n",
        ])
    func surroundings(text: String) throws {
        let target = try target(text)
        #expect(target.endpoint == "h:5432/d" && target.value(of: "password") == "hunter2")
        #expect(target.value(of: "sslmode") == "require")
    }

    private static let url = "postgresql://u:hunter2@h/d?sslmode=require"

    @Test("may have its pairs on lines of their own")
    func lines() throws {
        #expect(try target("host=h\nport=1\r\ndbname=d\n").endpoint == "h:1/d")
    }

    @Test("whose password ends in a line feed means the password without it")
    func passwordOfAFile() throws {
        #expect(try target("postgresql://u:hunter2%0A@h/d").value(of: "password") == "hunter2")
        #expect(try target("postgresql://u:hunter2%20@h/d").value(of: "password") == "hunter2 ")
    }

    @Test(
        "in the place of one of its own parts is refused and not shown",
        arguments: [
            "dbname=postgresql://u:hunter2@h/d", "host=postgresql://u:hunter2@h/d", "user=postgres://u:hunter2@h/d",
            "dbname='host=h password=hunter2'", "host=u:hunter2@h", "service=postgres://u:hunter2@h/d",
            "hostaddr='password = hunter2'", "postgresql:///x?host=postgresql%3A%2F%2Fu%3Ahunter2%40h",
            "host=h dbname=jdbc:postgresql://h/d?password=hunter2",
        ])
    func misplaced(connectionString: String) throws {
        _ = try reason(connectionString)
    }
}

/// What the environment says where the string says nothing.
///
/// The process's own variables are shown on the executable.
@Suite("Variables that complete a connection string")
struct ConnectionVariablesTests {
    private func targets(_ connectionString: String, _ variables: [String: String]) throws -> [ConnectionTarget] {
        try ConnectionTarget.targets(of: connectionString, variables: variables, applicationName: "tests")
    }

    private static let all = [
        "PGHOST": "a,b", "PGPORT": "1,2", "PGDATABASE": "d", "PGUSER": "u", "PGPASSWORD": "hunter2\n",
        "PGCONNECT_TIMEOUT": "7", "PGSSLMODE": "verify-full", "PGTARGETSESSIONATTRS": "any",
    ]

    @Test("are enough, and name several hosts as a string does")
    func alone() throws {
        let targets = try targets("", Self.all)
        #expect(targets.map(\.endpoint) == ["a:1/d", "b:2/d"])
        for target in targets {
            #expect(target.value(of: "user") == "u" && target.value(of: "password") == "hunter2")
            #expect(target.value(of: "target_session_attrs") == "any" && !target.refusesReadOnlyServers)
            #expect(target.timeout == .seconds(7) && target.demandsEncryption)
        }
    }

    @Test("come after the string")
    func precedence() throws {
        let string = "postgresql://me@h:3/x?target_session_attrs=read-write"
        let target = try #require(try targets(string, Self.all).first)
        #expect(target.value(of: "user") == "me" && target.value(of: "password") == "hunter2")
        #expect(target.endpoint == "h:3/x")
        // Whoever asks for a server that takes writes gets one, whatever the role's default is.
        #expect(target.value(of: "target_session_attrs") == "primary" && target.refusesReadOnlyServers)
    }

    @Test("name a server or do not")
    func naming() {
        for variable in ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"] {
            #expect(PostgresSession.isServerNamed(by: [variable: "x"]))
            #expect(!PostgresSession.isServerNamed(by: [variable: ""]))
        }
        #expect(!PostgresSession.isServerNamed(by: ["PGUSER": "x", "PGPASSWORD": "x", "PGPORT": "1"]))
    }

    @Test("that hold a whole connection string are refused by their names")
    func misplaced() throws {
        let error = #expect(throws: PostgresError.self) { try targets("", ["PGDATABASE": "postgres://u:hunter2@h/d"]) }
        #expect(error?.description.contains("in the place of dbname") == true)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test("that trust the system's authorities demand what a string demands that does")
    func systemCertificates() throws {
        let target = try #require(try targets("host=h", ["PGSSLROOTCERT": "system"]).first)
        #expect(target.demandsEncryption && target.value(of: "sslmode") == "verify-full")
        let error = #expect(throws: PostgresError.self) {
            try targets("host=h", ["PGSSLROOTCERT": "system", "PGSSLMODE": "require"])
        }
        #expect(error?.description.contains("sslrootcert=system needs sslmode=verify-full") == true)
    }

    @Test(
        "are not named where the connection string itself holds another one",
        arguments: [
            ("host=h port=1 user=postgresql://u:hunter2@h/x", "user"),
            ("host=h dbname='host=h password=hunter2' user=u", "dbname"),
        ])
    func misplacedInString(string: String, keyword: String) throws {
        let error = #expect(throws: PostgresError.self) { try targets(string, [:]) }
        #expect(error?.description.contains("stands in the place of \(keyword);") == true)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test("that name a service which there is not are refused")
    func service() throws {
        let error = #expect(throws: PostgresError.self) { try targets("", ["PGSERVICE": "there_is_none"]) }
        #expect(error?.description.contains("service") == true && error?.disposition == .configuration)
    }

    @Test("do not say what servers will do: a standby only for reading")
    func access() throws {
        for (access, attributes) in [(PostgresSession.Access.readWrite, "primary"), (.readOnly, "any")] {
            let target = try ConnectionTarget.targets(of: "host=h", applicationName: "tests", access: access)[0]
            #expect(target.value(of: "target_session_attrs") == attributes)
            #expect(target.refusesReadOnlyServers == (access == .readWrite))
        }
    }
}
