import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("The help of embedding-job")
struct HelpTests {
    private static let model = [
        "--model": "EMBEDDING_MODEL", "--prompt": "EMBEDDING_PROMPT", "--threads": "EMBEDDING_THREADS",
        "--gemm": "EMBEDDING_GEMM", "--precision": "EMBEDDING_PRECISION", "--device": "EMBEDDING_DEVICE",
        "--cuda-libraries": "EMBEDDING_CUDA_LIBRARIES",
    ]
    private static let database = [
        "--database-url": "DATABASE_URL", "--table": "EMBEDDING_TABLE", "--id-column": "EMBEDDING_ID_COLUMN",
        "--title-column": "EMBEDDING_TITLE_COLUMN", "--description-column": "EMBEDDING_DESCRIPTION_COLUMN",
        "--status-column": "EMBEDDING_STATUS_COLUMN", "--status-value": "EMBEDDING_STATUS_VALUE",
        "--active-column": "EMBEDDING_ACTIVE_COLUMN", "--column": "EMBEDDING_COLUMN",
        "--source-column": "EMBEDDING_SOURCE_COLUMN",
    ]
    private static let drain = [
        "--batch-size": "EMBEDDING_BATCH_SIZE", "--limit": "EMBEDDING_LIMIT", "--max-runtime": "EMBEDDING_MAX_RUNTIME",
        "--db-retry-seconds": "EMBEDDING_DB_RETRY_SECONDS", "--fail-on-row-errors": "EMBEDDING_FAIL_ON_ROW_ERRORS",
    ]
    private static let run = [
        "--stale": "EMBEDDING_STALE", "--include-unknown": "EMBEDDING_INCLUDE_UNKNOWN", "--yes": "EMBEDDING_YES",
        "--dry-run": "EMBEDDING_DRY_RUN", "--adopt-tasks": "EMBEDDING_ADOPT_TASKS", "--task": "",
    ]
    private static let metrics = ["--metrics-file": "EMBEDDING_METRICS_FILE"]
    private static let score = ["--metric": "EMBEDDING_METRICS", "--date-column": "EMBEDDING_DATE_COLUMN"]
    private static let files = ["--input": "EMBEDDING_INPUT"]

    /// The options of every command with the variable that sets them; empty for those that only the command line sets.
    static let commands: [(command: String, options: [String: String])] = [
        (
            "run",
            model.merging(database) { $1 }
                .merging(drain) { $1 }
                .merging(run) { $1 }
                .merging(metrics) { $1 }
        ),
        (
            "encode",
            model.merging(files) { $1 }
                .merging(["--output": "EMBEDDING_OUTPUT", "--batch-size": "EMBEDDING_BATCH_SIZE"]) { $1 }
        ),
        ("tokenize", model.merging(files) { $1 }),
        (
            "verify",
            model.merging(database) { $1 }
                .merging(["--sample": "EMBEDDING_SAMPLE", "--seed": "EMBEDDING_SEED"]) { $1 }
        ),
        ("retry-failed", database.merging(["--id": ""]) { $1 }),
        ("status", database.merging(["--json": "", "--runs": ""]) { $1 }),
        (
            "bench",
            model.merging(files) { $1 }
                .merging([
                    "--batch-sizes": "", "--repetitions": "", "--json": "", "--chart": "", "--baseline": "",
                    "--tolerance": "",
                ]) { $1 }
        ),
        ("model", model.merging(["--json": ""]) { $1 }),
        (
            "schema",
            model.merging(database) { $1 }
                .merging(score) { $1 }
                .merging([
                    "--dimension": "", "--hnsw": "", "--apply": "", "--search": "", "--refresh-scores": "",
                    "--tasks": "", "--catalog": "", "--history": "",
                ]) { $1 }
        ),
        (
            "search",
            model.merging(database) { $1 }
                .merging(score) { $1 }
                .merging([
                    "--limit": "EMBEDDING_SEARCH_LIMIT", "--source": "", "--since": "", "--json": "", "--explain": "",
                    "--fusion": "EMBEDDING_FUSION", "--weights": "EMBEDDING_SEARCH_WEIGHTS",
                    "--half-life": "EMBEDDING_HALF_LIFE", "--age-floor": "EMBEDDING_AGE_FLOOR",
                ]) { $1 }
        ),
    ]

    /// The steps of a change of the model, likewise.
    static let steps: [(command: String, options: [String: String])] = [
        ("backfill plan", ["--type": "", "--json": ""]), ("backfill run", metrics.merging(["--type": ""]) { $1 }),
        (
            "backfill verify",
            ["--sample": "EMBEDDING_SAMPLE", "--seed": "EMBEDDING_SEED", "--min-recall": "", "--json": ""]
        ),
        ("backfill cutover", ["--max-pending": "", "--leave-dependents": ""]),
        ("backfill rollback", ["--leave-dependents": ""]), ("backfill drop-old", ["--yes": ""]),
    ].map { ($0.0, model.merging(database) { $1 }.merging(drain) { $1 }.merging($0.1) { $1 }) }

    /// What is done with the board of tasks, likewise.
    static let tasks: [(command: String, options: [String: String])] = [
        ("task queue", ["--batch-size": "", "--limit": ""]),
        ("task list", ["--state": "", "--limit": "", "--json": ""]), ("task show", ["--json": ""]),
        ("task cancel", [:]),
    ].map { ($0.0, database.merging($0.1) { $1 }) }

    private static let variablesWithoutOption: [Substring] = [
        "EMBEDDING_WEIGHTS", "EMBEDDING_PODS", "JOB_COMPLETION_INDEX",
    ]

    @Test(
        "of every command names each option with the environment variable that sets it",
        arguments: HelpTests.commands + HelpTests.steps + HelpTests.tasks)
    func namesOptions(command: String, options: [String: String]) async throws {
        let outcome = try await BuiltExecutable().run(command.split(separator: " ").map(String.init) + ["--help"])
        #expect(outcome.exitStatus == 0)
        #expect(outcome.standardError.isEmpty)
        let help = Self.unwrapped(outcome.output)
        #expect(help.contains("USAGE: embedding-job \(command)"))
        for (option, variable) in options {
            #expect(help.contains("\(option) "), "\(option)")
            #expect(variable.isEmpty || help.contains("[\(variable)]"), "\(option)")
        }
        let named = Set(help.matches(of: /\[(EMBEDDING_[A-Z_]+|DATABASE_URL)\]/).map { String($0.output.1) })
        #expect(named == Set(options.values).subtracting([""]), "a variable of an option that this table lacks")
    }

    @Test("and the user guide's configuration table name the same options and variables")
    func configuration() throws {
        let article = DeploymentFile.text("Sources/EmbeddingJob/EmbeddingJob.docc/Configuration.md")
        var options: Set<Substring> = []
        var variables: Set<Substring> = []
        for row in article.split(separator: "\n").filter({ $0.hasPrefix("| ") }) {
            let cells = row.split(separator: "|")
            options.formUnion(cells[0].matches(of: /--[a-z-]+/).map(\.output))
            variables.formUnion(cells[1].matches(of: /[A-Z]+_[A-Z_]+/).map(\.output))
        }
        // Some options are for the command line alone, and some variables have no option.
        let known = Self.commands.flatMap(\.options)
        let twins = known.filter { !$0.value.isEmpty }
        #expect(options.isSubset(of: known.map { $0.key[...] }))
        #expect(options.isSuperset(of: twins.map { $0.key[...] }))
        #expect(variables.isSuperset(of: twins.map { $0.value[...] } + ["EMBEDDING_WEIGHTS"]))
        #expect(variables.isSubset(of: twins.map { $0.value[...] } + Self.variablesWithoutOption))
    }

    @Test("of the program names every command and every exit status")
    func program() async throws {
        let outcome = try await BuiltExecutable().run(["--help"])
        #expect(outcome.exitStatus == 0)
        for command in Self.commands.map(\.command) + ["backfill", "task"] {
            #expect(outcome.outputLines.contains { $0.hasPrefix("  \(command) ") }, "\(command)")
        }
        let help = Self.unwrapped(outcome.output)
        for status in [0, 64, 65, 70, 75, 78, 143] {
            #expect(help.contains(try Regex("(STATUS:|·) \(status) [a-z]")), "\(status)")
        }
    }

    private static func unwrapped(_ help: String) -> String {
        help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test("gives the version as a number of three parts")
    func version() async throws {
        let outcome = try await BuiltExecutable().run(["--version"])
        #expect(outcome.exitStatus == 0)
        #expect(try /\d+\.\d+\.\d+\n/.wholeMatch(in: outcome.output) != nil)
    }
}
