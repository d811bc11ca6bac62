import Postgres
import PostgresTestSupport
import Testing

@Suite("Statements", .requiresPostgres)
struct StatementTests {
    @Test("The server reads every type of parameter as what it is")
    func parameters() async throws {
        let cases: [(String, PostgresValue, String)] = [
            ("bool", .bool(true), "true"), ("int2", .int2(.min), "-32768"), ("int4", .int4(.max), "2147483647"),
            ("int8", .int8(.min), "-9223372036854775808"), ("oid", .oid(.max), "4294967295"),
            ("float4", .float4(-2.5), "-2.5"), ("float8", .float8(0.1), "0.1"), ("text", .text("é'\\ 🦊"), "é'\\ 🦊"),
            ("text", .text(""), ""), ("bytea", .bytea([0, 0xFF]), "\\x00ff"),
            ("bool[]", .boolArray([true, false]), "{t,f}"),
            ("int4[]", .int4Array([1, -2]), "{1,-2}"), ("int8[]", .int8Array([]), "{}"),
            ("text[]", .textArray(["a b", ""]), "{\"a b\",\"\"}"),
            ("bytea[]", .byteaArray([[1], []]), #"{"\\x01","\\x"}"#),
            (
                "uuid", PostgresValue(typeOID: PostgresTypeOID.uuid, bytes: Array(0..<16)),
                "00010203-0405-0607-0809-0a0b0c0d0e0f"
            ),
            ("int8[]", .array(of: 20, arrayOID: 1016, elements: [nil, [0, 0, 0, 0, 0, 0, 0, 7]]), "{NULL,7}"),
        ]
        try await withTemporaryDatabase { database in
            for (type, value, text) in cases {
                let row = try await database.query("SELECT ($1::\(type))::text", [value])[0]
                #expect(try row.text(0) == text, "\(type)")
            }
            let null = try await database.query("SELECT $1::text IS NULL", [.null(PostgresTypeOID.text)])
            #expect(try null[0].bool(0))
        }
    }

    @Test("Every type of result is read as what it is")
    func results() async throws {
        try await withTemporaryDatabase { database in
            let row = try await database.query(
                """
                SELECT true AS b, 32767::int2 AS i2, -5 AS i4, 9223372036854775807 AS i8, 0.1::float8 AS f8,
                    0.5::float4 AS f4, 'é' AS t, 'v'::varchar(3) AS v, 'n'::name AS n, '\\x00ff'::bytea AS raw,
                    'int8'::regtype::oid AS o, 'int8'::regtype AS r, NULL::int AS nothing
                """)[0]
            #expect(try row.bool("b"))
            #expect(try row.int32("i2") == 32767)
            #expect(try row.int32("i4") == -5)
            #expect(try row.int64("i8") == .max)
            #expect(try row.float8("f8") == 0.1)
            #expect(try row.float8("f4") == 0.5)
            #expect(try row.text("t") == "é")
            #expect(try row.text("v") == "v")
            #expect(try row.text("n") == "n")
            #expect(try row.bytea("raw") == [0, 0xFF])
            #expect(try row.oid("o") == PostgresTypeOID.int8)
            #expect(try row.oid("r") == PostgresTypeOID.int8)
            #expect(try row.isNull("nothing"))
        }
    }

    @Test("The server reads binary vectors as their text says, one by one and as an array")
    func vectors() async throws {
        try await withTemporaryDatabase { database in
            let oids = try await database.query("SELECT 'vector'::regtype::oid, 'vector[]'::regtype::oid")[0]
            let (element, array) = (try oids.oid(0), try oids.oid(1))
            let vectors: [[Float]] = [[1, -2.5, 0.125], [0.1, 3e-7, -65504]]
            let rows = try await database.query(
                "SELECT v::text, v, vector_dims(v) FROM unnest($1::vector[]) AS v",
                [.vectorArray(vectors, elementOID: element, arrayOID: array)])
            #expect(try rows.map { try $0.text(0) } == ["[1,-2.5,0.125]", "[0.1,3e-07,-65504]"])
            #expect(try rows.map { try $0.vector(1) } == vectors)
            #expect(try rows[0].int32(2) == 3)
            let one = try await database.query("SELECT ($1)::text", [.vector([7], typeOID: element)])
            #expect(try one[0].text(0) == "[7]")
        }
    }

    @Test("A batch of 1,024 vectors of 384 dimensions arrives whole")
    func vectorBatch() async throws {
        try await withTemporaryDatabase { database in
            let oids = try await database.query("SELECT 'vector'::regtype::oid, 'vector[]'::regtype::oid")[0]
            let vectors = (0..<1024).map { row in (0..<384).map { Float(row * 384 + $0) / 512 } }
            let rows = try await database.query(
                "SELECT v FROM unnest($1::vector[]) WITH ORDINALITY AS x(v, n) ORDER BY n",
                [.vectorArray(vectors, elementOID: try oids.oid(0), arrayOID: try oids.oid(1))])
            #expect(try rows.map { try $0.vector("v") } == vectors)
        }
    }

    @Test("A parameter and a result of 16 MiB pass")
    func largeValue() async throws {
        try await withTemporaryDatabase { database in
            let value = (0..<(16 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            let row = try await database.query("SELECT $1::bytea, length($1)", [.bytea(value)])[0]
            #expect(try row.int32(1) == 16 << 20)
            #expect(try row.bytea(0) == value)
        }
    }

    @Test("A result of 100,000 rows arrives in order")
    func manyRows() async throws {
        try await withTemporaryDatabase { database in
            let rows = try await database.query("SELECT i, repeat('x', 100) FROM generate_series(1, 100000) AS i")
            #expect(rows.count == 100_000)
            #expect(rows.affectedRowCount == 100_000)
            #expect(try rows[99_999].int32(0) == 100_000)
            #expect(try rows[50_000].text(1).utf8.count == 100)
        }
    }

    @Test("The number of affected rows is told")
    func affectedRows() async throws {
        try await withTemporaryDatabase { database in
            try await database.run("CREATE TABLE t (i int); INSERT INTO t SELECT generate_series(1, 10)")
            let update = try await database.query("UPDATE t SET i = i WHERE i > 3")
            #expect(update.affectedRowCount == 7)
            #expect(update.isEmpty)
            #expect(try await database.query("TRUNCATE t").affectedRowCount == 0)
            #expect(try await database.query("").isEmpty)
        }
    }

    @Test("A script runs as a whole and leaves its transaction open")
    func script() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            try await session.executeScript(
                PostgresStatement(
                    name: "begin",
                    sql: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = '7s'; SELECT 1"
                ))
            let show = PostgresStatement(name: "show", sql: "SHOW statement_timeout")
            #expect(try await session.execute(show)[0].text(0) == "7s")
            try await session.executeScript(PostgresStatement(name: "rollback", sql: "ROLLBACK"))
            #expect(try await session.execute(show)[0].text(0) == "0")
        }
    }

    @Test("A script stops at its first error, and the session goes on")
    func failingScript() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            let script = PostgresStatement(name: "set up", sql: "CREATE TABLE t (i int); SELECT nowhere; SELECT 1")
            let error = await #expect(throws: PostgresError.self) { try await session.executeScript(script) }
            #expect(error?.sqlState == .undefinedColumn)
            #expect(error?.description.contains("\"set up\"") == true)
            let probe = PostgresStatement(name: "probe", sql: "SELECT to_regclass('t') IS NULL")
            #expect(try await session.execute(probe)[0].bool(0))
        }
    }

    @Test("A quoted literal is the text again")
    func literal() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            let text = "O'Reilly \\ \"é\" $1"
            let sql = "SELECT \(try await session.quoteLiteral(text))"
            #expect(try await session.execute(PostgresStatement(name: "echo", sql: sql))[0].text(0) == text)
            await #expect(throws: PostgresError.invalidLiteral) { try await session.quoteLiteral("a\0b") }
            #expect(await session.isUsable)
        }
    }
}
