import ComputeTestSupport
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// What a person sees who runs the job by hand.
@Suite(
    "A run on a terminal", .requiresPostgres,
    .enabled(if: BuiltExecutable.hasPseudoTerminal, "needs script of util-linux"),
    .timeLimit(.minutes(30)))
struct RunOnTerminalTests {
    private static let escape = "\u{1B}"

    private func run(_ datasets: Datasets, _ environment: [String: String], _ arguments: [String] = []) async throws
        -> String
    {
        let settings = ["DATABASE_URL": datasets.database.url, "EMBEDDING_MODEL": Fixtures.toyModel]
        let outcome = try await datasets.job.run(
            ["run"] + arguments, environment: settings.merging(environment) { $1 }, onTerminal: true)
        #expect(outcome.exitStatus == 0)
        return outcome.output
    }

    private func insert(_ titles: String, _ datasets: Datasets) async throws {
        try await datasets.database.run(
            "INSERT INTO datasets (title, enrichment_status) SELECT t, 'enriched' FROM (\(titles)) AS s (t)")
    }

    @Test("draws a bar below the log while it lasts, then says what it has done, above the line of JSON")
    func bar() async throws {
        try await withDatasets { datasets in
            try await insert("SELECT 'sea ' || i FROM generate_series(1, 60) i", datasets)
            try await insert("SELECT ' '", datasets)
            // A bar is drawn for work of more than two seconds: over two connections this takes three.
            try await datasets.database.run(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';
                CREATE TRIGGER slow BEFORE UPDATE OF embedding ON datasets FOR EACH ROW EXECUTE FUNCTION slow()
                """)
            let output = try await run(datasets, ["TERM": "xterm"], ["--batch-size", "4"])
            let clear = "\r\(Self.escape)[2K"
            let bars = output.components(separatedBy: clear).filter { $0.hasPrefix("█") }
            #expect(
                !bars.isEmpty && bars.allSatisfy { $0.contains("rows/s · ") && $0.contains(" s left") }, "\(output)")
            // Below 80 columns, which is what is taken where the terminal does not tell.
            #expect(bars.allSatisfy { $0.prefix { $0 != "\r" }.count < 80 })
            let end = try #require(output.components(separatedBy: clear).last)
            let lines = end.split(whereSeparator: \.isNewline).map(String.init)
            #expect(lines.first == "embedded   60 rows", "\(output)")
            #expect(lines.contains("failed     \(Self.escape)[31m1 row, each named above\(Self.escape)[0m"))
            #expect(lines.contains("held back  \(Self.escape)[33m1 row, for now\(Self.escape)[0m"))
            #expect(lines.contains { $0.hasPrefix("took ") && $0.contains(" rows/s, ") })
            #expect(lines.contains("ended      \(Self.escape)[32mdrained, exit status 0\(Self.escape)[0m"))
            #expect(lines.last?.hasPrefix(#"{"processed":60,"failed":1,"#) == true)
            #expect(output.contains("\(Self.escape)[33mwarning: \(Self.escape)[0mrow failed"))
        }
    }

    @Test("says the same without colours where somebody sets NO_COLOR, and commands nothing where the terminal is dumb")
    func plain() async throws {
        try await withDatasets { datasets in
            for environment in [["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"]] {
                try await insert("VALUES ('sea'), (' ')", datasets)
                let output = try await run(datasets, environment)
                #expect(!output.contains(Self.escape))
                #expect(
                    output.contains("warning: row failed") && output.contains("drained, exit status 0"), "\(output)")
            }
        }
    }

    @Test("says nothing more of a run that did not begin, or of a dry one")
    func nothing() async throws {
        try await withDatasets { datasets in
            let dry = try await run(datasets, ["TERM": "xterm"], ["--dry-run"])
            #expect(!dry.contains("embedded"))
            let outcome = try await datasets.job.run(["run"], environment: ["TERM": "xterm"], onTerminal: true)
            #expect(outcome.exitStatus == 78 && !outcome.output.contains("embedded"))
        }
    }
}
