import CPUCompute
import ComputeTestSupport
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// The table of a soak, and what has to be true of it.
///
/// A trigger writes down every vector that a run stores, together with the text of the row at that very moment.
struct SoakDatabase: Sendable {
    /// Rows that cannot be embedded: half of them have no text, the table refuses a vector for the others.
    static let poisonRows = 18

    let database: TemporaryDatabase
    let hasState: Bool
    /// Where runs connect, as a role that has no privilege beyond those that the documentation grants.
    let url: String
    private let fixture: DatasetFixture
    private let encoder: SentenceEncoder<CPUBackend>

    init(_ database: TemporaryDatabase, rows: Int, hasState: Bool) async throws {
        self.database = database
        self.hasState = hasState
        url = try database.url(user: "drain", password: "none")
        encoder = try SentenceEncoder(model: ModelFolder(path: Fixtures.toyModel), backend: CPUBackend(workerCount: 2))
        fixture = try await DatasetFixture(database, dimension: encoder.dimension)
        try await database.run(Self.setUp(rows: rows))
        if !hasState { try await database.run("DROP TABLE embedding_state") }
    }

    private static func setUp(rows: Int) -> String {
        """
        CREATE FUNCTION words(number int) RETURNS text LANGUAGE sql VOLATILE AS $$
            SELECT string_agg((ARRAY['sea', 'ice', 'rain', 'wind', 'city', 'bus', 'gene', 'the', 'of', 'and'])
                [1 + floor(random() * 10)::int], ' ') FROM generate_series(1, number)
        $$;
        CREATE FUNCTION source_text(title text, description text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
            SELECT concat_ws(' ', nullif(btrim(title), ''), nullif(btrim(title), ''), nullif(btrim(description), ''))
        $$;
        CREATE TABLE vector_audit (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            had_vector boolean NOT NULL, source text NOT NULL, embedding vector NOT NULL);
        CREATE FUNCTION audit_vector() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            INSERT INTO public.vector_audit (had_vector, source, embedding)
                VALUES (OLD.embedding IS NOT NULL, public.source_text(NEW.title, NEW.description), NEW.embedding);
            RETURN NULL;
        END $$;
        CREATE TRIGGER audit_vector AFTER UPDATE OF embedding ON datasets
            FOR EACH ROW WHEN (NEW.embedding IS NOT NULL) EXECUTE FUNCTION audit_vector();
        ALTER TABLE datasets ADD CHECK (embedding IS NULL OR title NOT LIKE 'poison%');
        INSERT INTO datasets (title, description, enrichment_status)
            SELECT words(4), words(20), 'enriched' FROM generate_series(1, \(rows));
        INSERT INTO datasets (title, enrichment_status)
            SELECT CASE WHEN i % 2 = 0 THEN 'poison' ELSE ' ' END, 'enriched'
            FROM generate_series(1, \(poisonRows)) AS i;
        DROP ROLE IF EXISTS drain;
        CREATE ROLE drain LOGIN;
        GRANT SELECT, UPDATE (embedding) ON datasets TO drain;
        GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_failure, embedding_state TO drain
        """
    }

    /// Eligible rows that have neither a vector nor an entry in the ledger.
    func lostRows() async throws -> Int { try await fixture.lostRows() }

    /// Vectors that were stored, by all runs.
    func storedVectors() async throws -> Int {
        try await database.number("SELECT count(*) FROM vector_audit")
    }

    /// Vectors that were stored in the place of others.
    func overwrittenVectors() async throws -> Int {
        try await database.number("SELECT count(*) FROM vector_audit WHERE had_vector")
    }

    /// Vectors that did not belong to the text of their row when they were stored.
    func staleWhenStored() async throws -> Int {
        try await countForeignVectors("SELECT number, source, embedding FROM vector_audit")
    }

    /// Vectors that do not belong to the text of their row now.
    func staleNow() async throws -> Int {
        try await countForeignVectors(
            """
            SELECT id AS number, source_text(title, description) AS source, embedding FROM datasets
                WHERE embedding IS NOT NULL
            """)
    }

    /// Poison rows in the ledger with one attempt, less what else is there.
    func poisonRowsBlamedOnce() async throws -> Int {
        try await database.number(
            """
            SELECT coalesce(sum(CASE WHEN attempts = 1 AND (title LIKE 'poison%' OR title = ' ') THEN 1 ELSE -1 END), 0)
                FROM embedding_failure LEFT JOIN datasets ON id = dataset_id
            """)
    }

    /// Encodes the texts of a query again, page by page.
    private func countForeignVectors(_ query: String) async throws -> Int {
        var (count, last) = (0, Int64(0))
        while true {
            let page = try await database.query(
                "SELECT * FROM (\(query)) AS q WHERE number > \(last) ORDER BY number LIMIT 5000")
            guard let end = page.last else { return count }
            last = try end.int64("number")
            var texts: [String] = []
            for row in page { texts.append(try row.text("source")) }
            let expected = try await encoder.encode(texts.map(encoder.tokenize))
            for (row, vector) in zip(page, expected) {
                let stored = try row.vector("embedding")
                if zip(stored, vector).contains(where: { abs($0 - $1) > 1e-5 }) { count += 1 }
            }
        }
    }
}
