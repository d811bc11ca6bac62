public import DatasetTable
internal import Postgres
import PostgresTestSupport
public import SentenceEncoding
public import Testing

/// Watches the vectors of a table and tells what no drain may ever do: lose, double or stale a row.
///
/// A trigger writes down every change of a vector that was committed, with the application that made it.
public struct InvariantChecker: Sendable {
    private let fixture: DatasetFixture

    /// Installs the trigger; changes from now on count.
    public init(_ fixture: DatasetFixture) async throws {
        self.fixture = fixture
        try await fixture.database.run(
            """
            CREATE TABLE vector_audit (id text, had_vector boolean, has_vector boolean, application text);
            CREATE FUNCTION audit_vector() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                INSERT INTO public.vector_audit VALUES (NEW.\(fixture.names.id), OLD.\(fixture.names.column) IS NOT NULL,
                    NEW.\(fixture.names.column) IS NOT NULL, current_setting('application_name'));
                RETURN NULL;
            END $$;
            CREATE TRIGGER audit_vector AFTER UPDATE OF \(fixture.names.column) ON \(fixture.names.table)
                FOR EACH ROW EXECUTE FUNCTION audit_vector()
            """)
    }

    /// How often a drain gave a vector to a row that had none.
    public func firstVectors() async throws -> Int {
        try await count("NOT had_vector AND has_vector")
    }

    /// How often a drain put a vector in the place of another.
    public func replacements() async throws -> Int {
        try await count("had_vector AND has_vector")
    }

    private func count(_ condition: String) async throws -> Int {
        try await fixture.database.number(
            "SELECT count(*) FROM vector_audit WHERE application LIKE 'embedding-job%' AND \(condition)")
    }

    /// Fails the test unless nothing was lost, doubled or staled, and so many rows have got their vector.
    public func expectIntact(
        processed: Int, _ encoder: some TextEncoder, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try #expect(await fixture.lostRows() == 0, "lost", sourceLocation: sourceLocation)
        try #expect(await firstVectors() == processed, "printed and happened", sourceLocation: sourceLocation)
        try #expect(await replacements() == 0, "doubled", sourceLocation: sourceLocation)
        try await fixture.expectNoStaleVector(encoder, sourceLocation: sourceLocation)
    }

    /// Fails the test unless nothing was lost, doubled or staled, and the reports of all drains so far add up.
    ///
    /// Finally another drain has to find nothing to do.
    public func expectIntact(
        _ reports: RunReport..., encoder: StubEncoder = StubEncoder(), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let processed = reports.reduce(0) { $0 + $1.processed }
        try await expectIntact(processed: processed, encoder, sourceLocation: sourceLocation)
        let rerun = try await fixture.drain(encoder)
        #expect(rerun.processed == 0 && rerun.failed == 0, "another run found work", sourceLocation: sourceLocation)
        try #expect(await firstVectors() == processed, sourceLocation: sourceLocation)
    }
}
