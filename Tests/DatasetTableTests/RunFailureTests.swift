import DatasetTable
import Postgres
import Testing

@Suite("What a run says of an error of the server")
struct RunFailureTests {
    private func sentence(_ code: String) throws -> String {
        let error = PostgresError.ServerError(
            sqlState: try #require(SQLState(code)), message: "SECRET-TEXT", statement: "read")
        return RunFailure(PostgresError.serverError(error)).description
    }

    @Test("blames a row only for what is about one, and quotes only what can quote none")
    func blame() throws {
        let ofRow = try sentence("22P02")
        #expect(ofRow.contains("fails at a row") && ofRow.contains("22P02") && !ofRow.contains("SECRET"))
        let internalError = try sentence("XX000")
        #expect(internalError.contains("XX000") && !internalError.contains("SECRET"))
        #expect(!internalError.contains("at a row") && internalError.contains("its own log"))
        #expect(try sentence("53100").contains("SECRET-TEXT"))
    }
}
