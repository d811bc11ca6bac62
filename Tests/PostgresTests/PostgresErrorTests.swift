import Postgres
import Testing

@Suite("What to do about an error")
struct PostgresErrorTests {
    @Test(
        "A SQLSTATE says whether to retry, to reconfigure or to isolate a row",
        arguments: [
            (["08000", "08006", "57P01", "57P02", "57P03", "57014", "40001", "40P01", "55P03"], .retry),
            (["53100", "53200", "53300", "53400", "25006", "25P03", "25P04", "57P05"], .retry),
            (["57P04", "28000", "28P01", "3D000", "42501", "42P01", "42703", "42883", "42704"], .configuration),
            (["22000", "22021", "22P02", "23505", "23514", "54000", "XX001"], .row),
            (["22P03", "08P01", "25P02", "42601", "XX000", "0A000", "P0001"], .fatal),
        ] as [([String], SQLState.Disposition)])
    func dispositions(codes: [String], disposition: SQLState.Disposition) throws {
        for code in codes {
            #expect(try #require(SQLState(code)).disposition == disposition, "\(code)")
        }
    }

    @Test(
        "A SQLSTATE is five digits or upper-case letters", arguments: ["", "2350", "235055", "23a05", "2350é", "23 05"])
    func malformedSQLState(code: String) {
        #expect(SQLState(code) == nil)
    }

    @Test("The class is the first two characters")
    func classCode() {
        #expect(SQLState.invalidCatalogName.classCode == "3D")
        #expect(SQLState("3D000") == .invalidCatalogName)
    }

    @Test("A wrong dimension is a matter of configuration, a NaN of the row")
    func dimension() {
        #expect(serverError(.dataException, "expected 384 dimensions, not 768").disposition == .configuration)
        #expect(serverError(.dataException, "NaN not allowed in vector").disposition == .row)
    }

    @Test("A full pool passes, another protocol violation does not")
    func fullPool() {
        #expect(serverError(.protocolViolation, "query_wait_timeout").disposition == .retry)
        #expect(serverError(.protocolViolation, "insufficient data left in message").disposition == .fatal)
    }

    @Test("A standby in the place of the primary passes, another feature that is missing does not")
    func standby() {
        let message = "cannot set transaction read-write mode during recovery"
        #expect(serverError(.featureNotSupported, message).disposition == .retry)
        #expect(serverError(.featureNotSupported, "cross-database references").disposition == .fatal)
    }

    @Test("Losses and time-outs are worth a retry, bad strings and TLS are not")
    func otherErrors() {
        #expect(PostgresError.connectionFailed(endpoint: "e", message: "m", sqlState: nil).disposition == .retry)
        #expect(
            PostgresError.connectionFailed(endpoint: "e", message: "m", sqlState: .invalidPassword).disposition
                == .configuration)
        #expect(PostgresError.connectionLost(endpoint: "e", statement: "s", reason: "r").disposition == .retry)
        #expect(PostgresError.timedOut(statement: "s", after: .seconds(1)).disposition == .retry)
        #expect(PostgresError.encryptionFailed(endpoint: "e", message: "m").disposition == .configuration)
        #expect(PostgresError.malformedConnectionString(reason: "r").disposition == .configuration)
        #expect(PostgresError.unexpectedNull(statement: "s", column: "c").disposition == .fatal)
    }

    @Test("A description names the statement, the message and the code")
    func description() {
        #expect(
            serverError(.undefinedTable, "relation \"datasets\" does not exist").description
                == "statement \"write\" failed: relation \"datasets\" does not exist (SQLSTATE 42P01)")
    }

    private func serverError(_ sqlState: SQLState, _ message: String) -> PostgresError {
        .serverError(PostgresError.ServerError(sqlState: sqlState, message: message, statement: "write"))
    }
}
